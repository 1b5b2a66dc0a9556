// out = (a bT) * activation'(saved); twin: src/cpu/matmul.ts
// matmulNT and reduceActivation in one, for sums so short that nothing is gained by cutting them into parts.
// a: f32[m, k]   b: f32[n, k]   saved: f32[m, n]   out: f32[m, n]
// #include "include/activation.wgsl"
struct Params {
  m: u32,
  n: u32,
  k: u32,
  aStride4: u32,
  bStride4: u32,
  outStride4: u32,
  rowsOfGroup: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<vec4f>;
@group(0) @binding(2) var<storage, read> b: array<vec4f>;
@group(0) @binding(3) var<storage, read> saved: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> out: array<vec4f>;
override activation: u32;
override tile: bool;
override threads: u32;
// #include "include/panelBlock.wgsl"
// #include "include/tileBlock.wgsl"

fn store(part: u32, row: u32, c: u32, sum: vec4f) {
  if (row >= params.m || c >= params.outStride4) { return; }
  let at = row * params.outStride4 + c;
  out[at] = sum * derivative4(saved[at], activation);
}

// #include "include/turnedBlocks.wgsl"

@compute @workgroup_size(threads)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  if (tile) { tileMain(group, thread, 0u, params.k); } else { registerMain(group, thread, 0u, params.k); }
}
