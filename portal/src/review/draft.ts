/** What an analyst has changed of an event's picks and not sent yet. */

import { parse } from "../format";
import { code, type EventDetail, type Origin } from "../data/types";
import { Store } from "../store";

export interface DraftPick {
  id: string;
  station: string;
  phase: string;
  /** Where it was picked and where it is now (ms). */
  before: number;
  time: number;
  /** Whether the location uses it, before and now. */
  usedBefore: boolean;
  used: boolean;
  changed: boolean;
}

export interface ChangedPick {
  pick_id: string;
  time?: string;
  used?: boolean;
}

export class Draft {
  readonly picks: Store<ReadonlyMap<string, DraftPick>>;
  /** Whether picks may be changed now. */
  readonly open = new Store<boolean>(false);

  constructor(detail: EventDetail, origin: Origin) {
    const known = new Map(detail.picks.map((pick) => [pick.pick_id, pick]));
    const found = new Map<string, DraftPick>();
    for (const arrival of origin.arrivals) {
      const pick = known.get(arrival.pick_id);
      if (!pick) continue;
      const [time, used] = [parse(pick.time), arrival.weight > 0];
      found.set(pick.pick_id, {
        ...{ id: pick.pick_id, station: code(arrival), phase: arrival.phase },
        ...{ before: time, time, usedBefore: used, used, changed: false },
      });
    }
    this.picks = new Store<ReadonlyMap<string, DraftPick>>(found);
  }

  move(id: string, time: number): void {
    this.change(id, (one) => ({ ...one, time }));
  }

  use(id: string, used: boolean): void {
    this.change(id, (one) => ({ ...one, used }));
  }

  /** Put everything back. */
  forget(): void {
    for (const one of this.picks.value.values()) this.change(one.id, () => ({ ...one, time: one.before, used: one.usedBefore }));
  }

  /** What changed, as the service takes it. */
  changes(): ChangedPick[] {
    return [...this.picks.value.values()]
      .filter((one) => one.changed)
      .map((one) => ({
        pick_id: one.id,
        ...(one.time === one.before ? {} : { time: new Date(Math.round(one.time)).toISOString() }),
        ...(one.used === one.usedBefore ? {} : { used: one.used }),
      }));
  }

  private change(id: string, to: (one: DraftPick) => DraftPick): void {
    const one = this.picks.value.get(id);
    if (!one) return;
    const after = to(one);
    const changed = after.time !== after.before || after.used !== after.usedBefore;
    this.picks.set(new Map(this.picks.value).set(id, { ...after, changed }));
  }
}

export const draftPicks = (draft: Draft): DraftPick[] => [...draft.picks.value.values()];
