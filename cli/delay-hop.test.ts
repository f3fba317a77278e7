import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { startDelayHop } from './delay-hop.js';

test('hands bytes on, and those of the client later when told to', async () => {
  const server = createServer((incoming, outgoing) => incoming.pipe(outgoing));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const hop = await startDelayHop({ host: '127.0.0.1', port: (server.address() as AddressInfo).port });
  const echo = async (): Promise<{ text: string; ms: number }> => {
    const since = performance.now();
    const answer = await fetch(`http://127.0.0.1:${hop.port}/`, { method: 'POST', body: 'hello' });
    return { text: await answer.text(), ms: performance.now() - since };
  };
  expect((await echo()).text).toBe('hello');
  hop.setDelay(150);
  const slow = await echo();
  expect(slow.text).toBe('hello');
  expect(slow.ms).toBeGreaterThan(149);
  await hop.close();
  server.closeAllConnections();
  server.close();
});
