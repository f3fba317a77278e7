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
}
