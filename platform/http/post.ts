/** What a server said. */
export interface Answer {
  readonly status: number;
  /** The beginning of its body, as text. */
  readonly body: string;
}

export interface Message {
  /** JSON. */
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Posts to a URL; rejects, with a message that says what is wrong, where no answer came in time. */
export type Post = (url: string, message: Message, signal: AbortSignal) => Promise<Answer>;
