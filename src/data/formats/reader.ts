/** Takes the bytes of one file piece by piece and hands its rows on. */
export interface Reader {
  push(bytes: Uint8Array): void;
  end(): void;
}

/** The longest line of formats in which one line holds all that a user did. */
export const MAX_LINE_BYTES = 256 << 20;
