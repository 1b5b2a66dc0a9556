// Scores as unsigned keys in the same order, so that maxima, thresholds and ties are exact.
const EXPONENT = 0x7f800000u;
// The key of MASKED (-3.4e38), which no item that may be ranked has.
const MASKED = -3.4e38;

fn isFinite(score: f32) -> bool {
  return (bitcast<u32>(score) & EXPONENT) != EXPONENT;
}

fn keyOf(score: f32) -> u32 {
  let bits = select(bitcast<u32>(score), 0u, score == 0.0); // -0 ties with 0
  return select(bits | 0x80000000u, ~bits, (bits & 0x80000000u) != 0u);
}
