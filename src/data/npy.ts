import { vectorsError } from './vectorsError.js';

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

export const isNpy = (bytes: Uint8Array): boolean => MAGIC.every((byte, i) => bytes[i] === byte);

/**
 * A matrix of floats in NumPy's format (numpy.lib.format, versions 1 to 3), of 16, 32 or 64 bits, row-major: rows, and
 * f32[rows, width]. VECTORS_FORMAT for anything else.
 */
export function readNpy(
  name: string,
  bytes: Uint8Array,
): { rows: number; width: number; values: Float32Array } {
  const wrong = (what: string) =>
    vectorsError(
      `${name} ${what}`,
      'Save it with numpy.save(FILE, vectors.astype("float32")), one row an item.',
    );
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const long = bytes[6] > 1;
  if (bytes.length < 12) throw wrong('ends within its header');
  const headerLength = long ? view.getUint32(8, true) : view.getUint16(8, true);
  const start = (long ? 12 : 10) + headerLength;
  const header = new TextDecoder('latin1').decode(bytes.subarray(long ? 12 : 10, start));
  const type = /'descr':\s*'([^']*)'/.exec(header)?.[1];
  const shape = /'shape':\s*\(([^)]*)\)/
    .exec(header)?.[1]
    .split(',')
    .map((text) => text.trim());
  const sizes = shape?.filter((text) => text !== '').map(Number);
  const size = { '<f2': 2, '<f4': 4, '<f8': 8 }[type ?? ''];
  if (!size) throw wrong(`holds numbers of the type "${type ?? 'nothing'}"; expected <f2, <f4 or <f8`);
  if (!/'fortran_order':\s*False/.test(header))
    throw wrong('lies column by column; expected row by row (C order)');
  if (sizes?.length !== 2 || !sizes.every((n) => Number.isSafeInteger(n) && n > 0)) {
    throw wrong(`has the shape (${shape?.join(', ') ?? ''}); expected (items, width)`);
  }
  const [rows, width] = sizes;
  if (start + rows * width * size !== bytes.length) {
    throw wrong(
      `should hold ${rows} x ${width} numbers in ${rows * width * size} bytes, and has ${bytes.length - start}`,
    );
  }
  const values = new Float32Array(rows * width);
  for (let i = 0; i < values.length; i++) {
    const at = start + i * size;
    values[i] =
      size === 4
        ? view.getFloat32(at, true)
        : size === 8
          ? view.getFloat64(at, true)
          : half(view.getUint16(at, true));
  }
  return { rows, width, values };
}

/** A number of 16 bits (IEEE 754). */
function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
}
