import type { AdjacencyLayout } from '../layout.js';
import type { LogBuilder } from '../logBuilder.js';
import { LineReader } from './lines.js';
import type { Reader } from './reader.js';

const SPACE = 32;
const TAB = 9;

/**
 * Reads adjacency lists, as of NGCF and LightGCN: a line is a user and then their items. A user without items is
 * listed and counted; blank lines are left out.
 */
export function adjacencyReader(file: string, { delimiter }: AdjacencyLayout, builder: LogBuilder): Reader {
  const mark = delimiter.charCodeAt(0);
  const blanks = mark === SPACE;
  const isBlank = (byte: number) => byte === SPACE || byte === TAB;
  return new LineReader(file, ({ bytes, start, end, number }) => {
    const place = { file, line: number, lines: 1 };
    let from = start;
    while (end > from && isBlank(bytes[end - 1])) end--;
    while (from < end && isBlank(bytes[from])) from++;
    if (from === end) return;
    let user = -1;
    let items = 0;
    for (let p = from; p <= end; ) {
      let stop = p;
      while (stop < end && !(blanks ? isBlank(bytes[stop]) : bytes[stop] === mark)) stop++;
      let [first, last] = [p, stop];
      while (first < last && isBlank(bytes[first])) first++;
      while (last > first && isBlank(bytes[last - 1])) last--;
      p = stop + 1;
      if (blanks) while (p < end && isBlank(bytes[p])) p++;
      if (user < 0) {
        if (first === last) return builder.reject(place, 'empty user id');
        user = builder.user(bytes, first, last, place);
      } else if (first < last) {
        builder.add(user, builder.item(bytes, first, last, place), 1);
        items++;
      } else if (stop < end) builder.reject(place, 'empty item id');
    }
    if (items === 0) builder.usersWithoutItems++;
  });
}
