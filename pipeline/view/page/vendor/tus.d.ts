/** What the page uses of tus-js-client, whose built file puts itself into the window. */
export {};

interface Answer {
  getStatus(): number;
  getBody(): string;
}

interface UploadOptions {
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly metadata: Readonly<Record<string, string>>;
  /** ms */
  readonly retryDelays: readonly number[];
  readonly storeFingerprintForResuming: boolean;
  readonly onProgress: (sent: number, total: number) => void;
  readonly onSuccess: () => void;
  readonly onError: (error: { readonly originalResponse?: Answer | null }) => void;
}

declare global {
  interface Window {
    readonly tus: {
      readonly Upload: new (file: File, options: UploadOptions) => { start(): void };
    };
  }
}
