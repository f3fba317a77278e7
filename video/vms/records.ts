import { z } from 'zod';

const text = z.string().trim().min(1).max(200);

export const registration = z.object({
  name: text,
  email: z.email().max(200),
  password: z.string().min(1).max(1000),
});

export const creation = z.object({ name: text, author: text });

export interface User {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly passwordHash: string;
}

export interface Video {
  readonly id: string;
  readonly name: string;
  readonly author: string;
  /** Id of the user who made it. */
  readonly owner: string;
  readonly state: 'waitingUpload' | 'uploaded' | 'available' | 'notAvailable';
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  /** Id of the upload that is, or was, processed; null before there is one. */
  readonly upload: string | null;
  /** When the upload was complete, ms since the epoch; null before. */
  readonly uploadedAt: number | null;
  /** Share that is encoded, from 0 to 1. */
  readonly progress: number;
  /** Why it is not available, for people; null otherwise. */
  readonly reason: string | null;
}

/** The share that is encoded, to a thousandth. */
export const shownProgress = ({ progress }: Video): number => Number(progress.toFixed(3));

/** What everybody may see of a video. */
export const publicVideo = (video: Video) => {
  const { id, name, author, owner, state, reason, createdAt } = video;
  return { id, name, author, owner, state, progress: shownProgress(video), reason, createdAt };
};
