import { FoldinError } from '../errors.js';
import type { BadRows } from './badRows.js';
import { EARLIEST_SEC, isSane, numericUnit, PER_SECOND, parseIso, type TimeUnit } from './time.js';

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
  #times = new Float64Array(1 << 10);
  /** Where each unit was first seen. */
  readonly #seen = new Map<Exclude<TimeUnit, 'order'>, Place>();
  /** Numbers that are no time of 1990-2100 in any unit: an order if all are so and small, else bad rows. */
  #outside = 0;
  #orderly = true;
  readonly #firstOutside: Place[] = [];

  /** Takes the time of a row: its number, or NaN and its text. Returns why it cannot be used, if so. */
  set(row: number, number: number, text: () => string, file: string, line: number): string | undefined {
    if (row >= this.#times.length) {
      const longer = new Float64Array(2 * this.#times.length);
      longer.set(this.#times);
      this.#times = longer;
    }
    if (!Number.isNaN(number)) {
      const unit = numericUnit(number);
      if (unit !== undefined) this.#note(unit, file, line, text);
      else {
        this.#outside++;
        this.#orderly &&= Number.isInteger(number) && number >= 0 && number < EARLIEST_SEC;
        if (this.#firstOutside.length < 10) this.#firstOutside.push({ file, line, text: text() });
      }
      this.#times[row] = number;
      return undefined;
    }
    const iso = parseIso(text().trim());
    if (iso === undefined) return 'time is neither a number nor ISO 8601';
    if (!isSane(iso.sec)) return OUTSIDE;
    this.#note('iso8601', file, line, text);
    this.zoneless ||= iso.zoneless;
    this.#times[row] = iso.sec;
    return undefined;
  }

  /**
   * Seconds of the first `count` rows. `kept[r]` is 0 where the row falls out for a time outside 1990-2100;
   * absent when none does. LOG_FORMAT when units are mixed.
   */
  finish(count: number, bad: BadRows): { timeSec: Float64Array; unit: TimeUnit; kept?: Uint8Array } {
    const seen = [...this.#seen];
    if (seen.length > 1) throw mixedUnits(seen[0], seen[1]);
    const unit: TimeUnit = seen.length === 1 ? seen[0][0] : this.#orderly ? 'order' : 's';
    this.unit = unit;
    const times = this.#times;
    if (unit === 'order') return { timeSec: times, unit };
    const perSecond = unit === 'iso8601' ? 1 : PER_SECOND[unit];
    for (let r = 0; r < count; r++) times[r] /= perSecond;
    if (this.#outside === 0) return { timeSec: times, unit };
    for (const { file, line, text } of this.#firstOutside) bad.add(file, line, OUTSIDE, JSON.stringify(text));
    bad.addCount(OUTSIDE, this.#outside - this.#firstOutside.length);
    const kept = new Uint8Array(count);
    for (let r = 0; r < count; r++) kept[r] = isSane(times[r]) ? 1 : 0;
    return { timeSec: times, unit, kept };
  }

  #note(unit: Exclude<TimeUnit, 'order'>, file: string, line: number, text: () => string): void {
    if (!this.#seen.has(unit)) this.#seen.set(unit, { file, line, text: text() });
  }
}

function mixedUnits([unitA, a]: [TimeUnit, Place], [unitB, b]: [TimeUnit, Place]): FoldinError {
  const say = (unit: TimeUnit, { file, line, text }: Place) => `${file}, line ${line} ("${text}", ${unit})`;
  return new FoldinError('LOG_FORMAT', `the time column mixes units: ${say(unitA, a)} and ${say(unitB, b)}`, {
    remedy: 'Bring all times to one unit, or leave the column out with --time none.',
    details: { lines: [a.line, b.line], units: [unitA, unitB] },
  });
}
