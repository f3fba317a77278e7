import type { GroupJudgement, Judgement } from '../pipeline/model/judgement.js';
import type { Rule } from '../pipeline/model/rule.js';

/** A group as a rule found it in its newest closed window. */
export interface Shown extends GroupJudgement {
  readonly rule: Rule;
  /** ms */
  readonly end: number;
}

/**
 * The groups of a rule's newest closed window that are shown. Objects are made when somebody looks; but where there
 * is no room for all groups at once, so that the others are let go.
 */
export class NewestGroups {
  #make: (() => readonly GroupJudgement[]) | null;
  #shown: readonly Shown[] = [];

  private constructor(
    readonly rule: Rule,
    readonly end: number,
    /** How many are shown. */
    readonly length: number,
    make: () => readonly GroupJudgement[],
  ) {
    this.#make = make;
  }

  /** Takes what the window left: with how many groups there is no room for. */
  static of(
    { rule, end, groups, calm }: Judgement,
    room: number,
  ): { readonly newest: NewestGroups; readonly leftOut: number } {
    const told = groups.filter(({ sums, state }) => sums !== null || state !== 'inactive');
    const count = told.length + calm.size;
    const length = Math.min(count, Math.max(0, room));
    // Where there is no room for all, those with an alert come first.
    const newest = new NewestGroups(rule, end, length, () =>
      [...told.filter(isActive), ...calm.first(length), ...told.filter((group) => !isActive(group))].slice(
        0,
        length,
      ),
    );
    if (count > length) newest.#look();
    return { newest, leftOut: count - length };
  }

  /** The same objects each time. */
  get shown(): readonly Shown[] {
    this.#look();
    return this.#shown;
  }

  /** The same under a rule that stayed as it was. */
  under(rule: Rule): NewestGroups {
    return new NewestGroups(rule, this.end, this.length, () => this.shown);
  }

  #look(): void {
    if (this.#make === null) return;
    this.#shown = this.#make().map((group) => ({ ...group, rule: this.rule, end: this.end }));
    this.#make = null;
  }
}

const isActive = ({ state }: GroupJudgement): boolean => state !== 'inactive';
