/** The plain files of a tar archive (ustar; names without folders), which is all that is needed here. */
export function untar(archive: Uint8Array): { name: string; bytes: Uint8Array }[] {
  const text = (from: number, length: number) => {
    const bytes = archive.subarray(from, from + length);
    const end = bytes.indexOf(0);
    return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
  };
  const files: { name: string; bytes: Uint8Array }[] = [];
  for (let at = 0; at + 512 <= archive.length && archive[at] !== 0; ) {
    const size = Number.parseInt(text(at + 124, 12).trim() || '0', 8);
    const type = archive[at + 156];
    const name = text(at, 100).split('/').at(-1)!;
    const isFile = type === 0 || type === '0'.charCodeAt(0);
    if (isFile && name) files.push({ name, bytes: archive.subarray(at + 512, at + 512 + size) });
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return files;
}
