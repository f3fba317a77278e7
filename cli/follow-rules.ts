import type { Surroundings } from './component.js';
import { LiveRules, type LiveRulesOptions } from './live-rules.js';
import { pause } from './pause.js';
import { onHangup } from './process.js';

/** The rules of a component, which follow their file from here on, and at once at SIGHUP. */
export function followRules(
  options: Pick<LiveRulesOptions, 'rules' | 'accept' | 'remember' | 'reject'>,
  { logger, registry, onFatal, onStop }: Surroundings,
): LiveRules {
  const live = new LiveRules({
    ...options,
    ...{ registry, pause },
    say: (level, message) => logger[level](message),
  });
  const following = new AbortController();
  const ended = live.run(following.signal).catch(onFatal);
  onHangup(() => live.reload());
  onStop(async () => {
    following.abort();
    await ended;
  });
  return live;
}
