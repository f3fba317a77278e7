import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { drain, type LogFixture, record, values } from './event-log.contract.js';
import type { EventLog } from './event-log.js';

const LONG = { timeout: 30_000 };

/** What every adapter of `EventLog` promises of writers. */
export function writerContract(name: string, open: () => Promise<LogFixture>): void {
  describe(`writers on ${name}`, () => {
    let fixture: LogFixture;
    let log: EventLog;
    let input: string;
    let writerName: string;
    beforeEach(async () => {
      fixture = await open();
      log = fixture.log;
      ({ input } = fixture.topics);
      writerName = `writer-${fixture.group}`;
      await log.createTopics([{ name: input, partitions: 2, retentionMs: null }]);
    });
    afterEach(() => fixture.close());

    test('appends under a name all or nothing, and in order', async () => {
      const writer = await log.writer(writerName, input, 1);
      const next = await writer.append([record('a', 'k'), record('b')]);
      await writer.append([record('c')]);
      await expect.poll(() => drain(log, input, 1, next - 2), LONG).toEqual(['a', 'b', 'c']);
      await expect.poll(() => drain(log, input, 1, next), LONG).toEqual(['c']);
      const large = Array.from({ length: 12 }, (_, i) => record(String(i).padStart(100_000, 'x')));
      const behind = await writer.append(large);
      expect(await drain(log, input, 1, behind)).toEqual([]);
      await expect.poll(() => drain(log, input, 1), LONG).toHaveLength(15);
      await writer.close();
      await expect(log.writer(writerName, input, 2)).rejects.toMatchObject({ code: 'UnknownTopic' });
    });

    test('lets the newest writer of a name fence those before it, and no other', async () => {
      const zombie = await log.writer(writerName, input, 0);
      const [elsewhere, another] = [
        await log.writer(writerName, input, 1),
        await log.writer('other', input, 0),
      ];
      await zombie.append([record('before')]);
      const heir = await log.writer(writerName, input, 0);
      await expect(zombie.append([record('late')])).rejects.toMatchObject({ code: 'Fenced' });
      for (const [i, writer] of [heir, elsewhere, another].entries()) await writer.append([record(`${i}`)]);
      await expect.poll(() => drain(log, input, 0), LONG).toEqual(['before', '0', '2']);
      await expect.poll(() => drain(log, input, 1), LONG).toEqual(['1']);
      const reopened = await fixture.reopen();
      await (await reopened.writer(writerName, input, 0)).append([record('again')]);
      await expect.poll(() => drain(reopened, input, 0), LONG).toEqual(['before', '0', '2', 'again']);
    });

    test('knows how far a reader has come, also where nothing more is to be seen', async () => {
      const writer = await log.writer(writerName, input, 0);
      await writer.append([record('a')]);
      const reader = log.read(input, 0, 0);
      expect(values(await reader.pull({ waitMs: 5_000 }))).toEqual(['a']);
      // Where the end is moves once more, as the append comes through.
      const behind = async (): Promise<number> => {
        await reader.pull({ waitMs: 0 });
        return (await log.range(input, 0)).end - reader.position;
      };
      await expect.poll(behind, LONG).toBe(0);
      await reader.close();
    });
  });
}
