import { FoldinError } from '../errors.js';
import type { BadRows } from './badRows.js';
import { Instant } from './cells.js';
import { GrowingColumn } from './growing.js';
import type { NumberColumn } from './logRows.js';
import {
  EARLIEST_SEC,
  isSane,
  LATEST_SEC,
  numericUnit,
  PER_SECOND,
  parseIso,
  type TimeUnit,
} from './time.js';

interface Place {
  file: string;
  line: number;
  text: string;
}

const OUTSIDE = 'time outside 1990-2100';

/** Collects a log's times as written and settles their unit when all are seen: one unit a column. */
export class TimeColumn {
  unit: TimeUnit | undefined;
  /** A time of day came without its zone and was taken as UTC. */
  zoneless = false;
  /** Numbers as written; seconds for ISO text. */
  readonly #times = new GrowingColumn(Uint32Array);
  /** Where each unit was first seen. */
  readonly #seen = new Map<Exclude<TimeUnit, 'order'>, Place>();
  /** Numbers that are no time of 1990-2100 in any unit: an order if all are so and small, else bad rows. */
  #outside = 0;
  #orderly = true;
  readonly #firstOutside: Place[] = [];
  #secondsSeen = false;

  /** Says how many times will come, about. */
  expect(count: number): void {
    this.#times.expect(count);
  }

  /** Whether a number is seconds, the usual case, and was taken. */
  pushSeconds(number: number): boolean {
    if (!(this.#secondsSeen && number >= EARLIEST_SEC && number < LATEST_SEC)) return false;
    this.#times.push(number);
    return true;
  }

  /** Takes the time of a row: a moment, a number, or its text. Returns why it cannot be used, if so. */
  push(time: Instant | number | string, file: string, line: number): string | undefined {
    if (typeof time === 'number') {
      const unit = numericUnit(time);
      if (unit !== undefined) this.#note(unit, file, line, time);
      else {
        this.#outside++;
        this.#orderly &&= Number.isInteger(time) && time >= 0 && time < EARLIEST_SEC;
        if (this.#firstOutside.length < 10) this.#firstOutside.push({ file, line, text: String(time) });
      }
      this.#times.push(time);
      return undefined;
    }
    const iso = time instanceof Instant ? time : parseIso(time.trim());
    if (iso === undefined) return 'time is neither a number nor ISO 8601';
    if (!isSane(iso.sec)) return OUTSIDE;
    this.#note(
      'iso8601',
      file,
      line,
      time instanceof Instant ? new Date(1000 * iso.sec).toISOString() : time,
    );
    this.zoneless ||= iso.zoneless;
    this.#times.push(iso.sec);
    return undefined;
  }

  /**
   * Seconds of all rows. `kept[r]` is 0 where the row falls out for a time outside 1990-2100; absent when
   * none does. LOG_FORMAT when units are mixed.
   */
  finish(bad: BadRows): { timeSec: NumberColumn; unit: TimeUnit; kept?: Uint8Array } {
    const seen = [...this.#seen];
    if (seen.length > 1) throw mixedUnits(seen[0], seen[1]);
    const unit: TimeUnit = seen.length === 1 ? seen[0][0] : this.#orderly ? 'order' : 's';
    this.unit = unit;
    if (unit === 'order') return { timeSec: this.#times.take(), unit };
    const perSecond = unit === 'iso8601' ? 1 : PER_SECOND[unit];
    if (perSecond !== 1) this.#times.map((time) => time / perSecond);
    const timeSec = this.#times.take();
    if (this.#outside === 0) return { timeSec, unit };
    for (const { file, line, text } of this.#firstOutside) bad.add(file, line, OUTSIDE, JSON.stringify(text));
    bad.addCount(OUTSIDE, this.#outside - this.#firstOutside.length);
    const kept = new Uint8Array(timeSec.length);
    for (let r = 0; r < kept.length; r++) kept[r] = isSane(timeSec[r]) ? 1 : 0;
    return { timeSec: timeSec.filter((sec) => isSane(sec)), unit, kept };
  }

  #note(unit: Exclude<TimeUnit, 'order'>, file: string, line: number, time: number | string): void {
    if (this.#seen.has(unit)) return;
    this.#seen.set(unit, { file, line, text: String(time) });
    this.#secondsSeen = unit === 's' && this.#seen.size === 1;
  }
}

function mixedUnits([unitA, a]: [TimeUnit, Place], [unitB, b]: [TimeUnit, Place]): FoldinError {
  const say = (unit: TimeUnit, { file, line, text }: Place) => `${file}, line ${line} ("${text}", ${unit})`;
  return new FoldinError('LOG_FORMAT', `the time column mixes units: ${say(unitA, a)} and ${say(unitB, b)}`, {
    remedy: 'Bring all times to one unit, or leave the column out with --time none.',
    details: { lines: [a.line, b.line], units: [unitA, unitB] },
  });
}
