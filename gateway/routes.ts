/** The gateway's own route table: what its metrics call each path. */
const templates: readonly (readonly [RegExp, string])[] = [
  [/^\/vms\/users\/register$/, '/vms/users/register'],
  [/^\/vms\/users$/, '/vms/users'],
  [/^\/vms\/openapi\.json$/, '/vms/openapi.json'],
  [/^\/vms\/healthz$/, '/vms/healthz'],
  [/^\/vms\/readyz$/, '/vms/readyz'],
  [/^\/vms\/metrics$/, '/vms/metrics'],
  [/^\/vms\/uploads\/?$/, '/vms/uploads'],
  [/^\/vms\/uploads\/[^/]+$/, '/vms/uploads/:id'],
  [/^\/vms\/videos$/, '/vms/videos'],
  [/^\/vms\/videos\/[^/]+$/, '/vms/videos/:id'],
  [/^\/vms\/videos\/[^/]+\/status$/, '/vms/videos/:id/status'],
  [/^\/vms\/videos\/[^/]+\/retry$/, '/vms/videos/:id/retry'],
  [/^\/videofiles\/[^/]+\/[^/]+$/, '/videofiles/:id/:file'],
];

/** The template of a proxied path (without its query); `unmatched` where there is none. */
export const routeOf = (path: string): string =>
  templates.find(([pattern]) => pattern.test(path))?.[1] ?? 'unmatched';

/** Whether a raw path may be forwarded: nothing that an upstream could read as another path. */
export const isPlain = (path: string): boolean =>
  !/(?:^|\/)(?:\.|%2e){1,2}(?:\/|;|%3b|$)/i.test(path) && !/%2f|%5c|\\/i.test(path);
