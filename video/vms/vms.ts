import { mkdir } from 'node:fs/promises';
import { type Context, Hono } from 'hono';
import type { Registry } from 'prom-client';
import type { Codec } from '../../platform/codec/codec.js';
import { instrument, routeTable } from '../../platform/http/instrument.js';
import { outage } from '../../platform/http/outage.js';
import { problem } from '../../platform/http/problem.js';
import type { EventLog, LogError } from '../../platform/log/event-log.js';
import { type Store, toldByStore } from '../../platform/store/store.js';
import { type Consumer, consume } from '../jobs/consume.js';
import type { Folders } from '../jobs/folders.js';
import { videoGroups, videoTopics } from '../jobs/topics.js';
import { Directory } from './directory.js';
import { applyEvent } from './events.js';
import { OutboxRelay } from './outbox.js';
import { Passwords } from './passwords.js';
import { creation, publicVideo, registration, shownProgress, type User, type Video } from './records.js';
import { authenticate, readBody } from './requests.js';
import { sweep } from './sweeper.js';
import { noSuchVideo, takeUpload, wrongState } from './uploads.js';

export interface VmsOptions {
  readonly store: Store;
  readonly log: EventLog;
  readonly codec: Codec;
  readonly folders: Folders;
  readonly registry: Registry;
  /** Greatest upload, bytes. */
  readonly uploadLimit: number;
  /** Files that nobody has touched for so long, and that nothing refers to, are removed, ms. */
  readonly sweepAfter: number;
  /** Wall clock, ms since the epoch. */
  readonly clock: () => number;
  /** Monotonic, ms. */
  readonly monotonic: () => number;
  readonly newId: () => string;
  /** Name of this replica: no two at a time may have the same. */
  readonly replica: string;
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly warn: (message: string) => void;
}

export interface Vms {
  readonly app: Hono;
  /** Begins to publish jobs, and to take up what became of them. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

const SWEEP_MS = 60_000;
const GIVE_UP_MS = 24 * 3_600_000;

/** What the metrics call each route. */
const routeOf = routeTable([
  ['POST', '/users/register', /^\/users\/register$/],
  ['GET', '/users', /^\/users$/],
  ['POST', '/videos', /^\/videos$/],
  ['GET', '/videos', /^\/videos$/],
  ['POST', '/videos/:id', /^\/videos\/[^/]+$/],
  ['GET', '/videos/:id', /^\/videos\/[^/]+$/],
  ['GET', '/videos/:id/status', /^\/videos\/[^/]+\/status$/],
  ['GET', '/healthz', /^\/healthz$/],
  ['GET', '/readyz', /^\/readyz$/],
  ['GET', '/metrics', /^\/metrics$/],
]);

/** Video management: users, their videos, and how far these have come. */
export function createVms(options: VmsOptions): Vms {
  const { registry, newId, clock, monotonic, store, log, codec, folders, pause, warn, replica } = options;
  const directory = new Directory(store);
  const passwords = new Passwords(monotonic);
  const relay = new OutboxRelay({ store, log, codec, replica, monotonic, pause, warn });
  const app = new Hono();
  app.use(instrument({ registry, service: 'vms', monotonic, routeOf }));

  app.get('/healthz', (c) => c.text('ok'));
  app.get('/readyz', async (c) => {
    await store.get('ready');
    return c.text('ok');
  });
  app.get('/metrics', async (c) =>
    c.body(await registry.metrics(), 200, { 'content-type': registry.contentType }),
  );

  app.post('/users/register', async (c) => {
    const body = await readBody(c, registration);
    if (body instanceof Response) return body;
    const { name, email, password } = body;
    const user: User = { id: newId(), name, email, passwordHash: await passwords.hash(password) };
    if (!(await directory.addUser(user))) return problem(409, `${email} is registered already`);
    return c.json({ id: user.id, name, email }, 201);
  });

  app.get('/users', async (c) => c.json((await directory.users()).map(({ id, name }) => ({ id, name }))));

  const loggedIn = (c: Context): Promise<User | null> =>
    authenticate(c.req.header('authorization'), directory, passwords);

  app.post('/videos', async (c) => {
    const user = await loggedIn(c);
    if (!user) return logIn();
    const body = await readBody(c, creation);
    if (body instanceof Response) return body;
    const createdAt = new Date(clock()).toISOString();
    const fresh = { upload: null, uploadedAt: null, progress: 0, reason: null };
    const video: Video = {
      id: newId(),
      ...body,
      owner: user.id,
      state: 'waitingUpload',
      createdAt,
      ...fresh,
    };
    if (!(await directory.addVideo(video)))
      return problem(409, `you have a video called "${body.name}" already`);
    return c.json(publicVideo(video), 201);
  });

  app.get('/videos', async (c) => c.json((await directory.videos()).map(publicVideo)));

  app.get('/videos/:id', async (c) => {
    const video = await directory.video(c.req.param('id'));
    if (video?.state !== 'available')
      return problem(404, 'there is no such video, or it is not available yet');
    return c.redirect(`/videofiles/${video.id}/video.mpd`, 301);
  });

  app.get('/videos/:id/status', async (c) => {
    const video = await directory.video(c.req.param('id'));
    if (!video) return noSuchVideo();
    const { id, state, reason } = video;
    return c.json({ id, state, progress: shownProgress(video), reason });
  });

  app.post('/videos/:id', async (c) => {
    const user = await loggedIn(c);
    if (!user) return logIn();
    const id = c.req.param('id');
    const video = await directory.video(id);
    if (!video) return problem(400, `there is no video ${id}: create it first, with POST /videos`);
    if (video.owner !== user.id) return problem(403, 'this video is not yours');
    if (video.state !== 'waitingUpload') return wrongState(video);
    return takeUpload(c, video, { ...options, directory, relay });
  });

  app.notFound((c) => problem(404, `there is nothing at ${c.req.path}`));
  app.onError((error) => {
    // The message names a folder of ours, and is for the log alone.
    const full = (error as Partial<LogError>).code === 'NoSpace';
    const unavailable = full ? problem(507, 'there is no room left here') : outage(error);
    if (!toldByStore(error)) warn(unavailable ? error.message : `${error.stack ?? error.message}`);
    return unavailable ?? problem(500, 'something went wrong on our side');
  });

  const ended = new AbortController();
  let consumer: Consumer | null = null;
  let background: Promise<unknown> = Promise.resolve();
  const sweeping = async (): Promise<void> => {
    while (!ended.signal.aborted) {
      await sweep({
        directory,
        folders,
        clock,
        sweepAfter: options.sweepAfter,
        giveUpAfter: GIVE_UP_MS,
      }).catch((error: unknown) => {
        if (!toldByStore(error)) warn(`sweeping: ${error}`);
      });
      await pause(Math.min(SWEEP_MS, options.sweepAfter), ended.signal);
    }
  };

  return {
    app,
    start: async () => {
      for (const folder of folders.all) await mkdir(folder, { recursive: true });
      consumer = await consume({
        log,
        codec,
        group: videoGroups.events,
        topic: videoTopics.events,
        type: 'VideoEvent',
        pause,
        warn,
        handle: async (event) => {
          await applyEvent(event, directory, folders);
          return [];
        },
      });
      background = Promise.all([relay.run(ended.signal), sweeping()]);
    },
    stop: async () => {
      ended.abort();
      await consumer?.stop();
      await background;
    },
  };
}

const logIn = (): Response =>
  problem(401, 'log in with your e-mail address and password', {
    'www-authenticate': 'Basic realm="videos"',
  });
