import type { Membership, OwnedPartition } from '../event-log.js';

export interface Owner {
  readonly partition: OwnedPartition;
  lose(): void;
}

interface Member {
  readonly onAssigned: (partition: OwnedPartition) => void;
  readonly owned: Map<number, Owner>;
}

/** The members of one group on one topic, within this process; partitions are spread evenly. */
export class Group {
  readonly #members: Member[] = [];

  constructor(
    readonly partitions: number,
    readonly own: (partition: number) => Owner,
  ) {}

  join(onAssigned: (partition: OwnedPartition) => void): Membership {
    const member: Member = { onAssigned, owned: new Map() };
    const members = this.#members;
    members.push(member);
    this.#balance();
    return {
      get member() {
        return members.includes(member);
      },
      leave: async () => {
        const at = this.#members.indexOf(member);
        if (at < 0) return;
        this.#members.splice(at, 1);
        for (const owner of member.owned.values()) owner.lose();
        member.owned.clear();
        this.#balance();
      },
    };
  }

  /** First everybody loses what becomes another's, then it is given out. */
  #balance(): void {
    const count = this.#members.length;
    for (const [index, member] of this.#members.entries()) {
      for (const [partition, owner] of member.owned) {
        if (partition % count === index) continue;
        owner.lose();
        member.owned.delete(partition);
      }
    }
    for (let partition = 0; partition < this.partitions; partition++) {
      const member = this.#members[partition % count];
      if (!member || member.owned.has(partition)) continue;
      const owner = this.own(partition);
      member.owned.set(partition, owner);
      member.onAssigned(owner.partition);
    }
  }
}
