import type { Store } from '../platform/store/store.js';
import { authorityOf } from './authority.js';
import type { Surroundings } from './component.js';

/** The store of the cluster; it connects when it is first asked. */
export async function openRedis(
  { url, ca }: { readonly url: string; readonly ca: string },
  { logger, onStop }: Pick<Surroundings, 'logger' | 'onStop'>,
): Promise<Store> {
  const { redisStore } = await import('../platform/store/redis/store.js');
  const warn = (text: string): void => logger.warn(text);
  const store = redisStore({ url, ...authorityOf(url, 'REDIS_CA', ca), warn });
  onStop(() => store.close());
  return store;
}
