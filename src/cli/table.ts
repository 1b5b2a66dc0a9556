/** Wide characters (Chinese, Japanese, Korean, emoji) take two columns of a terminal. */
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;

export function widthOf(text: string): number {
  let width = 0;
  for (const character of text) {
    // Colour codes, marks on the character before and other invisible things take no room.
    if (!/[\p{Mn}\p{Me}\p{Cf}\p{Cc}]/u.test(character)) width += WIDE.test(character) ? 2 : 1;
  }
  return width;
}

/** Cut to a width, with "..." where something is missing. Control characters become spaces. */
export function clip(text: string, width: number): string {
  const clean = text.replace(/\p{Cc}+/gu, ' ');
  if (widthOf(clean) <= width) return clean;
  let cut = '';
  for (const character of clean) {
    if (widthOf(cut + character) > width - 3) break;
    cut += character;
  }
  return `${cut}...`;
}

/**
 * Aligned columns, two spaces apart. `align` has a letter a column: l or r. No colours inside cells: they are
 * added by `style`, line by line.
 */
export function table(
  rows: readonly (readonly string[])[],
  align: string,
  style: (line: string, row: number) => string = (line) => line,
): string {
  const widths = Array.from(align, (_, c) => Math.max(...rows.map((row) => widthOf(row[c] ?? ''))));
  return rows
    .map((row, r) => {
      const cells = row.map((cell, c) => {
        const room = ' '.repeat(Math.max(0, widths[c] - widthOf(cell)));
        return align[c] === 'r' ? room + cell : cell + room;
      });
      return style(cells.join('  ').trimEnd(), r);
    })
    .join('\n');
}

/**
 * The same rows in several tables, one below the other, each with the first column and as many of the others as fit the
 * width: at least one.
 */
export function cutToWidth(rows: readonly (readonly string[])[], width: number): string[][][] {
  const widths = rows[0].map((_, c) => Math.max(...rows.map((row) => widthOf(row[c]))));
  const tables: number[][] = [];
  let room = 0;
  for (let c = 1; c < widths.length; c++) {
    if (tables.length === 0 || room < widths[c] + 2) {
      tables.push([0]);
      room = width - widths[0];
    }
    tables[tables.length - 1].push(c);
    room -= widths[c] + 2;
  }
  return tables.map((columns) => rows.map((row) => columns.map((c) => row[c])));
}

/** Facts, one a line, names in a column of their own. Facts that are empty are left out. */
export const facts = (rows: readonly (readonly [string, string])[]): string =>
  table(
    rows.filter(([, fact]) => fact !== ''),
    'll',
  );

export const count = (n: number): string => Math.round(n).toLocaleString('en-US');

/** "12.3 s", "4 min 05 s", "1 h 12 min" */
export function duration(ms: number): string {
  const sec = ms / 1000;
  if (sec < 60) return `${sec < 10 ? sec.toFixed(1) : Math.round(sec)} s`;
  const minutes = Math.floor(sec / 60);
  if (minutes < 60) return `${minutes} min ${String(Math.floor(sec % 60)).padStart(2, '0')} s`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}
