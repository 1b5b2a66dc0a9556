import { FoldinError } from '../../errors.js';

/**
 * Stands in the page for the unpacker of Brotli, whose dictionary alone is a third of what the page may weigh, and which
 * Parquet files hardly ever use.
 */
export function decompressBrotli(): never {
  throw new FoldinError(
    'LOG_FORMAT',
    'this Parquet file is packed with Brotli, which the page does not unpack',
    {
      remedy: 'Write it with Snappy, gzip, zstd or LZ4, or train on it with the command line.',
    },
  );
}
