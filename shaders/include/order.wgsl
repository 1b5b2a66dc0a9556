// Scores as unsigned keys in the same order, so that bisection over them is exact.
const EXPONENT = 0x7f800000u;
// The score of an item that may not be ranked; none that may has it.
const MASKED = -3.4e38;

// Largest where a score is not finite. As bits: WGSL may assume that no number is NaN or infinite.
fn magnitudes(scores: vec4f) -> vec4u { return bitcast<vec4u>(scores) & vec4u(0x7fffffffu); }

fn keyOf(score: f32) -> u32 {
  let bits = select(bitcast<u32>(score), 0u, score == 0.0); // -0 ties with 0
  return select(bits | 0x80000000u, ~bits, (bits & 0x80000000u) != 0u);
}

fn keysOf(scores: vec4f) -> vec4u {
  return vec4u(keyOf(scores.x), keyOf(scores.y), keyOf(scores.z), keyOf(scores.w));
}
