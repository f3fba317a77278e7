import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEnvironment } from '../../lmdb/environment.js';
import { storeContract } from '../store.contract.js';
import { lmdbStore } from './store.js';

storeContract(async () => {
  const path = mkdtempSync(join(tmpdir(), 'tidemark-store-'));
  let now = 0;
  const environment = openEnvironment({ path, mode: 'write' });
  return {
    store: lmdbStore(environment, { clock: () => now }),
    tick: (ms) => {
      now += ms;
    },
    close: async () => {
      await environment.close();
      rmSync(path, { recursive: true, force: true });
    },
  };
});
