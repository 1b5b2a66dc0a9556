// ring[slot] = sum of parts[0 .. count], NaN when one of them is not finite; twin: src/cpu/loss.ts
// Finiteness is tested by bits, and the ring holds bits, since WGSL may assume that no number is NaN.
// parts: f32[n]   ring: f32[slots] as bits
// #include "include/reduce.wgsl"
struct Params {
  count: u32,
  slot: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> parts: array<u32>;
@group(0) @binding(2) var<storage, read_write> ring: array<u32>;
const EXPONENT = 0x7f800000u;
const QUIET_NAN = 0x7fc00000u;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_id) local: vec3u) {
  // x: the sum; y: how many parts are not finite.
  var sum = vec4f(0.0);
  for (var i = local.x; i < params.count; i += 64u) {
    let finite = (parts[i] & EXPONENT) != EXPONENT;
    sum += select(vec4f(0.0, 1.0, 0.0, 0.0), vec4f(bitcast<f32>(parts[i]), 0.0, 0.0, 0.0), finite);
  }
  let total = workgroupSum(sum, local.x);
  let bits = bitcast<u32>(total.x);
  let finite = total.y == 0.0 && (bits & EXPONENT) != EXPONENT;
  if (local.x == 0u) { ring[params.slot] = select(QUIET_NAN, bits, finite); }
}
