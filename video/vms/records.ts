import { z } from '@hono/zod-openapi';

/** A line of text: what others print of it must not go on as something else. */
const text = z
  .string()
  .trim()
  .min(1)
  .max(200)
  .refine((said) => !/[\p{Cc}\p{Cs}\u2028\u2029]/u.test(said), 'holds control characters');

export const registration = z
  .object({
    name: text.openapi({ example: 'Ada' }),
    email: z.email().max(200).openapi({ example: 'ada@example.org' }),
    password: z.string().min(1).max(1000).openapi({ format: 'password', example: 'secret' }),
  })
  .openapi('Registration');

export const creation = z
  .object({ name: text.openapi({ example: 'Tides' }), author: text.openapi({ example: 'Ada' }) })
  .openapi('Creation');

export const states = ['waitingUpload', 'uploaded', 'available', 'notAvailable'] as const;
export type State = (typeof states)[number];

export interface User {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly passwordHash: string;
}

/** How an encode advances, by the clock of who encodes. */
export interface Encoding {
  /** When it began, or was first heard of, ms since the epoch; and the share that was done then. */
  readonly since: number;
  readonly from: number;
  /** When it was last heard of; and the share that was done then. */
  readonly at: number;
  readonly progress: number;
}

export interface Video {
  readonly id: string;
  readonly name: string;
  readonly author: string;
  /** Id of the user who made it. */
  readonly owner: string;
  readonly state: State;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  /** Id of the upload that is, or was, processed; null before there is one. */
  readonly upload: string | null;
  /** When the upload was complete, or is to be processed again, ms since the epoch; null before. */
  readonly uploadedAt: number | null;
  /** When it became available or notAvailable, ms since the epoch; null before. */
  readonly endedAt: number | null;
  /** What counts as stored for its owner, bytes: the size of its upload; 0 where none is kept. */
  readonly bytes: number;
  /** Share that is encoded, from 0 to 1. */
  readonly progress: number;
  /** Null before it is encoded. */
  readonly encoding: Encoding | null;
  /** Why it is not available, for people; null otherwise. */
  readonly reason: string | null;
}

/** A video as the store holds it; one that was written before some field was there has its usual value. */
export const videoOf = (value: string): Video => ({
  ...{ endedAt: null, bytes: 0, encoding: null },
  ...(JSON.parse(value) as Video),
});

/** The share that is encoded, to a thousandth. */
export const shownProgress = ({ progress }: Video): number => Number(progress.toFixed(3));

/** What everybody may see of a video. */
export const publicVideo = (video: Video) => {
  const { id, name, author, owner, state, reason, createdAt } = video;
  return { id, name, author, owner, state, progress: shownProgress(video), reason, createdAt };
};
