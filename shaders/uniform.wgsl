// out[r, c] = a random multiple of 2^-24 in [0, 1), a function of (seed, stream, firstRow + r, firstColumn + c);
// twin: src/cpu/random.ts
// key = mix32(mix32(seed) ^ stream), worked out on the host.
// out: f32[rows, columns]
// #include "include/random.wgsl"
struct Params {
  m: u32,
  n: u32,
  stride: u32,
  key: u32,
  firstRow: u32,
  firstColumn: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let r = group.x;
  let c = group.y * 64u + local.x;
  if (r >= params.m || c >= params.n) { return; }
  let bits = mix32(mix32(params.key ^ (params.firstRow + r)) ^ (params.firstColumn + c));
  out[r * params.stride + c] = f32(bits >> 8u) * 0x1p-24;
}
