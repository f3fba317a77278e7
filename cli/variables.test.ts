import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { expect, test } from 'vitest';
import { allCommands } from './commands.js';
import { unknownVariables } from './variables.js';

test.each([
  ['TIDEMARK_RETENTON', 'TIDEMARK_RETENTION'],
  ['TIDEMARK_ADMINPORT', 'TIDEMARK_ADMIN_PORT'],
  ['TIDEMARK_URI', 'TIDEMARK_URL'],
  ['TIDEMARK_KAFKA_TLS', 'KAFKA_TLS'],
])('%s is said to be ignored, with %s, which is near', (slip, near) => {
  expect(unknownVariables({ [slip]: '', TIDEMARK_PORT: '1', KAFKA_TSL: 'on', PATH: '/bin' })).toEqual([
    `${slip} is ignored: no command knows it, did you mean "${near}"?`,
  ]);
});

test('what any command or Compose knows is no slip', () => {
  const variablesOf = ({ options, commands }: Command): string[] => [
    ...options.flatMap(({ envVar }) => envVar ?? []),
    ...commands.flatMap((one) => variablesOf(one as Command)),
  ];
  const known = [
    ...allCommands().flatMap(variablesOf),
    ...[...readFileSync('compose/compose.yaml', 'utf8').matchAll(/\$\{(\w+)/g)].map(([, name = '']) => name),
  ];
  expect(known).toEqual(expect.arrayContaining(['TIDEMARK_URL', 'TIDEMARK_IMAGE']));
  // It has no option of its own where it is not set.
  const set = Object.fromEntries([...known, 'TIDEMARK_NO_PLATFORM'].map((name) => [name, '']));
  expect(unknownVariables(set)).toEqual([]);
});
