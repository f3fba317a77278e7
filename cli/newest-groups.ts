import type { CalmGroups, GroupJudgement, Judgement } from '../pipeline/model/judgement.js';
import type { Rule } from '../pipeline/model/rule.js';

/** A group as a rule found it in its newest closed window. */
export interface Shown extends GroupJudgement {
  readonly rule: Rule;
  /** ms */
  readonly end: number;
}

/** The groups of a rule's newest closed window that there is room for: objects are made when somebody looks. */
export class NewestGroups {
  /** How many there are, and how many of them are shown. */
  readonly count: number;
  readonly length: number;
  readonly end: number;
  readonly #groups: readonly GroupJudgement[];
  readonly #calm: CalmGroups;
  #shown: readonly Shown[] | null = null;

  constructor(
    readonly rule: Rule,
    { end, groups, calm }: Pick<Judgement, 'end' | 'groups' | 'calm'>,
    room: number,
  ) {
    this.end = end;
    this.#groups = groups.filter(({ sums, state }) => sums !== null || state !== 'inactive');
    this.#calm = calm;
    this.count = this.#groups.length + calm.size;
    this.length = Math.min(this.count, Math.max(0, room));
  }

  /** Where there is no room for all, those with an alert come first. The same objects each time. */
  get shown(): readonly Shown[] {
    this.#shown ??= [
      ...this.#groups.filter(isActive),
      ...this.#calm.first(this.length),
      ...this.#groups.filter((group) => !isActive(group)),
    ]
      .slice(0, this.length)
      .map((group) => ({ ...group, rule: this.rule, end: this.end }));
    return this.#shown;
  }

  /** The same under a rule that stayed as it was. */
  under(rule: Rule): NewestGroups {
    return new NewestGroups(rule, { end: this.end, groups: this.#groups, calm: this.#calm }, this.length);
  }
}

const isActive = ({ state }: GroupJudgement): boolean => state !== 'inactive';
