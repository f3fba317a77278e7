import { byId } from './dom.js';
import type { Gateway } from './gateway.js';

/** Lets people upload a video by the form. The login stays in its fields: nothing keeps it. */
export function onUpload(gateway: Gateway, onUploaded: () => void): void {
  const form = byId('upload-form') as HTMLFormElement;
  const note = byId('upload-note');
  const button = byId('upload-send') as HTMLButtonElement;
  const send = async (): Promise<void> => {
    const given = new FormData(form);
    const text = (name: string): string => String(given.get(name) ?? '').trim();
    const file = given.get('file');
    if (!(file instanceof File)) return;
    const login = { email: text('email'), password: String(given.get('password')) };
    if (given.has('register')) {
      await gateway.register(text('author'), login);
      (byId('upload-register') as HTMLInputElement).checked = false;
    }
    const id = await gateway.create(text('name'), text('author'), login);
    onUploaded();
    await gateway.upload(id, file, login, (share) => {
      note.textContent = `${Math.floor(share * 100)}% sent`;
    });
    note.textContent = 'It is sent, and being encoded.';
    onUploaded();
  };
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    button.disabled = true;
    note.textContent = 'sending …';
    send()
      .catch((error: unknown) => {
        note.textContent = error instanceof Error ? error.message : String(error);
      })
      .finally(() => {
        button.disabled = false;
      });
  });
}
