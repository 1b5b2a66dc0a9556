/** What the `.wgsl` loader yields for one shader: its text, and the order of what is bound by name. */
export interface Shader {
  readonly name: string;
  readonly source: string;
  /** Names of the buffers from binding 1 on, `>` before those that are written; binding 0 is `struct Params`. */
  readonly buffers: string;
  /** Names of the fields of `struct Params`, four bytes each, `~` before those that are f32; the others are whole numbers. */
  readonly fields: string;
}

/** The names of such a list, and which of them have a mark. */
export function namesIn(list: string): { readonly name: string; readonly isMarked: boolean }[] {
  return (list.match(/[>~]?\w+/g) ?? []).map((text) => ({
    name: text.replace(/^[>~]/, ''),
    isMarked: /^[>~]/.test(text),
  }));
}
