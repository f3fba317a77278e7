import { problem } from '../../platform/http/problem.js';

/** A request that is not granted, with the status and the words that say why. */
export class Refusal extends Error {
  override readonly name = 'Refusal';

  constructor(
    readonly status: number,
    message: string,
    /** What limit of the user's it would pass, if it is that; and further headers of the answer. */
    readonly more: {
      readonly limit?: 'videos' | 'bytes' | 'uploads' | 'logins' | 'hashes';
      readonly headers?: Readonly<Record<string, string>>;
    } = {},
  ) {
    super(message);
  }

  answer(): Response {
    return problem(this.status, this.message, this.more.headers);
  }
}

export const noSuchVideo = (): Refusal => new Refusal(404, 'there is no such video');
export const notYours = (): Refusal => new Refusal(403, 'this video is not yours');
