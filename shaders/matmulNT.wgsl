// out = partial sums of a bT; twin: src/cpu/matmul.ts
// Two ways to the same sums: `tile` for GPUs, `register` for adapters that run on a CPU.
// Part s sums over the s-th slice of k; slices are whole tiles.
// a: f32[m, k]   b: f32[n, k]   out: f32[splits * m, n]
struct Params {
  m: u32,
  n: u32,
  k: u32,
  slice: u32,
  aStride4: u32,
  bStride4: u32,
  outStride4: u32,
  rowsOfGroup: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<vec4f>;
@group(0) @binding(2) var<storage, read> b: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> out: array<vec4f>;
override tile: bool;
override threads: u32;
// #include "include/panelBlock.wgsl"
// #include "include/tileBlock.wgsl"

fn store(part: u32, row: u32, c: u32, sum: vec4f) {
  if (row >= params.m || c >= params.outStride4) { return; }
  out[(part * params.m + row) * params.outStride4 + c] = sum;
}

// #include "include/turnedBlocks.wgsl"

@compute @workgroup_size(threads)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let begin = min(params.k, group.z * params.slice);
  let end = min(params.k, begin + params.slice);
  if (tile) { tileMain(group, thread, begin, end); } else { registerMain(group, thread, begin, end); }
}
