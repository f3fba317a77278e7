import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Takes Alertmanager's webhooks, whoever sends them, and says what it heard: `STATUS ROUTE`, in order. */
export class Hook implements AsyncDisposable {
  readonly heard: string[] = [];
  readonly #server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { alerts } = JSON.parse(Buffer.concat(chunks).toString('utf8')) as {
      readonly alerts: readonly { readonly status: string; readonly labels: Record<string, string> }[];
    };
    for (const { status, labels } of alerts) this.heard.push(`${status} ${labels.route ?? labels.alertname}`);
    response.end();
  });

  async start(): Promise<number> {
    this.#server.listen(0, '0.0.0.0');
    await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
