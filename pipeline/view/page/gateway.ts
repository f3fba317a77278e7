import { getJson } from './stream.js';

/** A video as the gateway lists it. */
export interface Video {
  readonly id: string;
  readonly name: string;
  readonly author: string;
  readonly state: 'waitingUpload' | 'uploaded' | 'available' | 'notAvailable';
  /** Share that is encoded, from 0 to 1. */
  readonly progress: number;
  readonly reason: string | null;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
}

/** Whose video it is to be. */
export interface Login {
  readonly email: string;
  readonly password: string;
}

/** The videos' REST API, at an origin; the empty one is the page's own. */
export class Gateway {
  constructor(readonly origin: string) {}

  videos(): Promise<readonly Video[]> {
    return this.#reached(getJson<readonly Video[]>(`${this.origin}/vms/videos`));
  }

  manifestOf(id: string): string {
    return new URL(`${this.origin}/vms/videos/${encodeURIComponent(id)}`, document.baseURI).href;
  }

  posterOf(id: string): string {
    return new URL(`${this.origin}/videofiles/${encodeURIComponent(id)}/poster.jpg`, document.baseURI).href;
  }

  /** How long an available video is, ms; null where its manifest does not say. */
  async durationOf(id: string): Promise<number | null> {
    const answer = await fetch(this.manifestOf(id));
    if (!answer.ok) return null;
    const manifest = new DOMParser().parseFromString(await answer.text(), 'application/xml');
    const said = manifest.documentElement.getAttribute('mediaPresentationDuration') ?? '';
    const [all, hours = 0, minutes = 0, seconds = 0] =
      /^PT(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?$/.exec(said) ?? [];
    return all === undefined
      ? null
      : (Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds)) * 1_000;
  }

  register(name: string, { email, password }: Login): Promise<unknown> {
    return this.#post('/vms/users/register', { name, email, password }, {});
  }

  /** Resolves to the id of a video that waits for its file. */
  async create(name: string, author: string, login: Login): Promise<string> {
    const { id } = await this.#post<{ readonly id: string }>('/vms/videos', { name, author }, basic(login));
    return id;
  }

  /** Sends the file of a video; `onProgress` is told of the share that is sent. `fetch` does not say it. */
  upload(id: string, file: File, login: Login, onProgress: (share: number) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      request.open('POST', `${this.origin}/vms/videos/${encodeURIComponent(id)}`);
      for (const [name, value] of Object.entries(basic(login))) request.setRequestHeader(name, value);
      request.upload.addEventListener('progress', ({ loaded, total }) => onProgress(loaded / total));
      request.addEventListener('error', () => reject(new Error('the connection broke')));
      request.addEventListener('load', () =>
        request.status < 300 ? resolve() : reject(new Error(detailOf(request.responseText, request.status))),
      );
      const form = new FormData();
      form.append('file', file);
      request.send(form);
    });
  }

  /** Without what the browser keeps for this origin: it would ask for the view's login where the user's is wrong. */
  #post<T>(path: string, body: object, headers: Record<string, string>): Promise<T> {
    const request: RequestInit = {
      method: 'POST',
      credentials: 'omit',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    };
    const answered = fetch(`${this.origin}${path}`, request).then(async (answer) => {
      const text = await answer.text();
      if (!answer.ok) throw new Error(detailOf(text, answer.status));
      return JSON.parse(text) as T;
    });
    return this.#reached(answered);
  }

  /** A browser does not tell a page why another origin could not be asked. */
  #reached<T>(answered: Promise<T>): Promise<T> {
    return answered.catch((error: unknown) => {
      if (!(error instanceof TypeError) || this.origin === '') throw error;
      throw new Error(
        `${this.origin} does not answer this page: does the gateway run, with --view-origin ${location.origin}?`,
      );
    });
  }
}

function detailOf(text: string, status: number): string {
  try {
    return (JSON.parse(text) as { readonly detail?: string }).detail ?? `the gateway answered ${status}`;
  } catch {
    return `the gateway answered ${status}`;
  }
}

/** HTTP basic in UTF-8, which `btoa` alone cannot do. */
function basic({ email, password }: Login): Record<string, string> {
  const bytes = new TextEncoder().encode(`${email}:${password}`);
  return { authorization: `Basic ${btoa(String.fromCharCode(...bytes))}` };
}
