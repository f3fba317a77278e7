import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { afterEach, describe, expect, test } from 'vitest';
import { EVERY_MS, LiveRules, type LiveRulesOptions, SETTLE_MS } from './live-rules.js';
import { loadRules, rulesIn } from './rules.js';
import { UsageError } from './usage-error.js';

const rule = (name: string): string =>
  `version: 1\nslas:\n  - { alert: ${name}, when: mean_latency > 300ms }\n`;
const setOf = (text: string) => rulesIn('sla.yaml', Buffer.from(text));

/** Rules whose clock is turned by hand. */
class Followed implements AsyncDisposable {
  content: string | Error;
  readonly said: string[] = [];
  readonly kept: string[] = [];
  readonly rejected: string[] = [];
  readonly waits: number[] = [];
  readonly live: LiveRules;
  /** Called before each pause that a change is given to settle. */
  settling = (): void => undefined;
  readonly #registry = new Registry();
  readonly #stop = new AbortController();
  readonly #ended: Promise<void>;
  #wake: (() => void) | null = null;

  constructor(text: string, options: Partial<LiveRulesOptions> = {}) {
    this.content = text;
    this.live = new LiveRules({
      rules: setOf(text),
      registry: this.#registry,
      say: (level, message) => void this.said.push(`${level} ${message}`),
      pause: (ms, signal) => this.#pause(ms, signal),
      read: async () => {
        if (this.content instanceof Error) throw this.content;
        return Buffer.from(this.content);
      },
      remember: async ({ revision }) => {
        // Before they are used; but those in use once more where others were rejected in between.
        if (this.rejected.length === 0) expect(this.live.current.revision).not.toBe(revision);
        this.kept.push(revision);
      },
      reject: async ({ problem }) => void this.rejected.push(problem),
      ...options,
    });
    this.#ended = this.live.run(this.#stop.signal);
  }

  #pause(ms: number, signal: AbortSignal): Promise<void> {
    this.waits.push(ms);
    if (ms === SETTLE_MS) this.settling();
    if (ms === SETTLE_MS || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      this.#wake = resolve;
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  /** Until it waits again: for the next time, or because it was asked. */
  async look(ask?: 'ask'): Promise<void> {
    const before = this.waits.filter((ms) => ms === EVERY_MS).length;
    if (ask) this.live.reload();
    else this.#wake?.();
    await expect.poll(() => this.waits.filter((ms) => ms === EVERY_MS).length).toBe(before + 1);
  }

  get names(): string[] {
    return this.live.current.rules.map(({ alert }) => alert);
  }

  async metrics(): Promise<string[]> {
    const lines = (await this.#registry.metrics()).split('\n').filter((line) => /^tidemark/.test(line));
    return lines.map((line) => line.replace('tidemark_rules_', ''));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }
}

describe('a rule file is followed', () => {
  test('and nothing is said while it is as it is', async () => {
    await using followed = new Followed(rule('A'));
    await followed.look();
    expect([followed.said, followed.kept, followed.live.changed.aborted]).toEqual([[], [], false]);
  });

  test('what it says now is kept, then used, and whoever waits is told', async () => {
    await using followed = new Followed(rule('A'));
    const { changed } = followed.live;
    followed.content = rule('B');
    await followed.look();
    const { revision } = setOf(rule('B'));
    expect([followed.names, followed.kept, changed.aborted]).toEqual([['B'], [revision], true]);
    expect(followed.live.changed.aborted).toBe(false);
    expect(followed.said).toEqual([`info sla.yaml: 1 rules are taken up, revision ${revision}`]);
    expect(await followed.metrics()).toEqual([
      'reloads_total{result="success"} 1',
      'reloads_total{result="failure"} 0',
      'reload_failed 0',
      `info{revision="${revision}"} 1`,
    ]);
  });

  test('while it is being written it is waited for', async () => {
    await using followed = new Followed(rule('A'));
    const whole = rule('Longer');
    let written = 20;
    followed.content = whole.slice(0, written);
    followed.settling = () => {
      written += 20;
      followed.content = whole.slice(0, written);
    };
    await followed.look();
    expect([followed.names, followed.said.length]).toEqual([['Longer'], 1]);
  });

  test('a bad one leaves the rules as they are, is said once with every mistake, and can be mended', async () => {
    await using followed = new Followed(rule('A'));
    const { revision } = setOf(rule('A'));
    followed.content = `${rule('A')}  - { alert: b, wen: x }\n`;
    await followed.look();
    await followed.look();
    expect(followed.said).toEqual([
      `error the rules cannot be taken up, those of revision ${revision} stay:\n` +
        'sla.yaml:4:5 when is missing: say when the rule is broken, like mean_latency > 300ms\n' +
        'sla.yaml:4:14 alert "b" must be written in CamelCase, like CheckoutSlow\n' +
        'sla.yaml:4:17 unknown key "wen", did you mean "when"?',
    ]);
    expect(followed.names).toEqual(['A']);
    expect((await followed.metrics()).slice(1, 3)).toEqual([
      'reloads_total{result="failure"} 1',
      'reload_failed 1',
    ]);
    followed.content = rule('A');
    await followed.look();
    expect(followed.said.slice(1)).toEqual([
      `info sla.yaml: the rules are still those of revision ${revision}`,
    ]);
    // Kept once more, so that who reads the log knows that it is right again.
    expect([followed.kept, (await followed.metrics())[2]]).toEqual([[revision], 'reload_failed 0']);
    expect(followed.rejected).toEqual([expect.stringContaining('sla.yaml:4:17 unknown key "wen"')]);
  });

  test('what is wrong stands in the log before what comes after it', async () => {
    const order: string[] = [];
    let taken = (): void => undefined;
    const reject = (): Promise<void> =>
      new Promise((resolve) => {
        taken = () => {
          order.push('rejected');
          resolve();
        };
      });
    const remember = async (): Promise<void> => void order.push('kept');
    await using followed = new Followed(rule('A'), { reject, remember });
    followed.content = 'x';
    followed.live.reload();
    await expect.poll(() => followed.said).toHaveLength(1);
    followed.content = rule('B');
    followed.live.reload();
    for (let turns = 0; turns < 50; turns++) await new Promise((resolve) => setImmediate(resolve));
    taken();
    await expect.poll(() => order).toEqual(['rejected', 'kept']);
  });

  test('a log that does not take what is wrong is no reason to stop', async () => {
    const reject = async (): Promise<void> => Promise.reject(new Error('away'));
    await using followed = new Followed(rule('A'), { reject });
    followed.content = 'x';
    await followed.look();
    await expect
      .poll(() => followed.said.at(-1))
      .toBe('warn the log does not take that the rules were rejected: Error: away');
    followed.content = rule('B');
    await followed.look();
    expect(followed.names).toEqual(['B']);
  });

  test('one that is gone leaves the rules as they are', async () => {
    await using followed = new Followed(rule('A'));
    followed.content = new Error('ENOENT: no such file');
    await followed.look();
    expect(followed.names).toEqual(['A']);
    expect(followed.said).toEqual([
      expect.stringContaining('sla.yaml:1:1 cannot be read: ENOENT: no such file'),
    ]);
  });

  test('one that is gone for a moment is not spoken of', async () => {
    await using followed = new Followed(rule('A'));
    followed.content = new Error('ENOENT: no such file');
    followed.settling = () => {
      followed.content = rule('A');
    };
    await followed.look();
    expect(followed.said).toEqual([]);
  });

  test('rules that do not go with other settings are refused', async () => {
    const accept = (): void => {
      throw new UsageError('--gauge x: a rule measures it as a counter');
    };
    await using followed = new Followed(rule('A'), { accept });
    followed.content = rule('B');
    await followed.look();
    expect([followed.names, followed.said[0]]).toEqual([['A'], expect.stringContaining('--gauge x')]);
  });

  test('what the log did not keep is not used, and tried again', async () => {
    let failures = 2;
    const remember = async (): Promise<void> => {
      if (failures-- > 0) throw new Error('the broker is down');
    };
    await using followed = new Followed(rule('A'), { remember });
    followed.content = rule('B');
    await followed.look();
    await followed.look();
    expect([followed.names, followed.said.length]).toEqual([['A'], 1]);
    await followed.look();
    expect([followed.names, (await followed.metrics())[2]]).toEqual([['B'], 'reload_failed 0']);
  });

  test('asked for, it is looked at without a wait, and what came of it is said', async () => {
    await using followed = new Followed(rule('A'));
    await followed.look('ask');
    expect(followed.said).toEqual([expect.stringContaining('the rules are still those')]);
    followed.content = '?';
    await followed.look('ask');
    await followed.look('ask');
    expect(followed.said.length).toBe(3);
    expect((await followed.metrics())[1]).toBe('reloads_total{result="failure"} 2');
  });
});

describe('on a disk', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tidemark-live-'));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test.each<[string, (file: string) => (text: string) => void]>([
    ['is written over', (file) => (text) => writeFileSync(file, text)],
    [
      'is replaced by another of its name',
      (file) => (text) => {
        writeFileSync(`${file}.new`, text);
        renameSync(`${file}.new`, file);
      },
    ],
    [
      'is one of a ConfigMap, whose links are swapped',
      (file) => {
        let n = 0;
        const data = join(folder, '..data');
        return (text) => {
          const version = `..version-${n++}`;
          mkdirSync(join(folder, version));
          writeFileSync(join(folder, version, 'sla.yaml'), text);
          symlinkSync(version, join(folder, '..data.new'));
          renameSync(join(folder, '..data.new'), data);
          if (n > 1) rmSync(join(folder, `..version-${n - 2}`), { recursive: true });
          else symlinkSync(join('..data', 'sla.yaml'), file);
        };
      },
    ],
  ])('a file that %s is taken up', async (_, writer) => {
    mkdirSync(folder, { recursive: true });
    const file = join(folder, 'sla.yaml');
    const write = writer(file);
    write(rule('A'));
    const stop = new AbortController();
    const live = new LiveRules({
      rules: loadRules(file),
      registry: new Registry(),
      say: () => undefined,
      pause: (_ms, signal) =>
        new Promise((resolve) => {
          if (signal.aborted) resolve();
          else setImmediate(resolve);
        }),
    });
    const ended = live.run(stop.signal);
    for (const name of ['B', 'C']) {
      write(rule(name));
      await expect.poll(() => live.current.rules.map(({ alert }) => alert)).toEqual([name]);
      expect(live.current.text).toBe(readFileSync(file, 'utf8'));
    }
    unlinkSync(file);
    stop.abort();
    await ended;
  });
});
