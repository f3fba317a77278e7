import type { JsonSchema } from '../../platform/codec/json-schema.js';
import { instant, listOf, number, object, orNull, text } from './schema-parts.js';

const sizes = orNull(
  object('Sizes of bodies, bytes; null where they are not measured.', {
    mean: number('Of one.'),
    total: number('Of all.'),
  }),
);
const quantile = (share: string): JsonSchema =>
  orNull(number(`Within which ${share} were answered, s; null where that is above \`bound\`, or not known.`));

/** What is told of how APIs are used. */
export const statsAnswers = {
  Statistics: object('How APIs were used in a stretch of time.', {
    from: instant('Where the data begin'),
    to: instant('Where they end'),
    apis: listOf({ $ref: '#/components/schemas/ApiStatistics' }),
  }),
  ApiStatistics: object('How a method of a template of paths was used.', {
    service: text('Who answered.'),
    method: text('The method; `_OTHER` for unknown ones.'),
    route: text('The template of the paths; `unmatched` for those of none.'),
    requests: number('How many there were: a part of one where an interval between two scrapes is cut.'),
    rate: number('Requests per second.'),
    clientErrors: number('Answers 4xx.'),
    serverErrors: number('Answers 5xx.'),
    latency: orNull(
      object('From the request to the end of its answer; null without requests.', {
        mean: number('s'),
        p50: quantile('50 %'),
        p95: quantile('95 %'),
        p99: quantile('99 %'),
        bound: orNull(number('The last finite bound of the buckets, s; null where there are none.')),
      }),
    ),
    request: sizes,
    response: sizes,
  }),
} as const;
