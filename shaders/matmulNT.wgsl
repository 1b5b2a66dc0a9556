// out = partial sums of a bT; twin: src/cpu/matmul.ts
// Two ways to the same sums: `tile` for GPUs, register blocks for adapters that run on a CPU. The latter read
// both operands term by term; the launch runs `transpose` first for one that lies the other way.
// Part s sums over the s-th slice of k; slices are whole tiles.
// a: f32[m, k]   b: f32[n, k], register blocks: their transposes   out: f32[splits * m, n]
struct Params {
  m: u32,
  n: u32,
  k: u32,
  slice: u32,
  aStride4: u32,
  bStride4: u32,
  outStride4: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<vec4f>;
@group(0) @binding(2) var<storage, read> b: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> out: array<vec4f>;
override tile: bool;
override threads: u32;
// #include "include/registerBlock.wgsl"
// #include "include/tileBlock.wgsl"

fn store(part: u32, row: u32, c: u32, sum: vec4f) {
  if (row >= params.m || c >= params.outStride4) { return; }
  out[(part * params.m + row) * params.outStride4 + c] = sum;
}

fn tileMain(group: vec3u, t: u32, begin: u32, end: u32) {
  var sums = array<vec4f, 4>();
  let row = 32u * group.y + t / 2u;
  let column = 32u * group.x + t / 2u;
  for (var k = begin; k < end; k += TERMS) {
    let k4 = k / 4u + t % 2u;
    var l = vec4f(0.0);
    if (row < params.m && k4 < params.aStride4) { l = a[row * params.aStride4 + k4]; }
    var r = vec4f(0.0);
    if (column < params.n && k4 < params.bStride4) { r = b[column * params.bStride4 + k4]; }
    stageLeftTurned(t, l);
    stageRightTurned(t, r);
    sums = addTile(t, sums);
  }
  for (var i = 0u; i < 4u; i++) { store(group.z, 32u * group.y + 4u * (t / 8u) + i, 8u * group.x + t % 8u, sums[i]); }
}

fn registerMain(group: vec3u, t: u32, begin: u32, end: u32) {
  let c = 16u * group.x + t;
  let row = 8u * group.y;
  if (c >= params.outStride4) { return; }
  var sums = registerBlock(row, c, begin, end);
  for (var i = 0u; i < 8u; i++) {
    store(group.z, row + i, c, sums.lower[i]);
    store(group.z, row + i, c + 8u, sums.upper[i]);
  }
}

@compute @workgroup_size(threads)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let begin = min(params.k, group.z * params.slice);
  let end = min(params.k, begin + params.slice);
  if (tile) { tileMain(group, thread, begin, end); } else { registerMain(group, thread, begin, end); }
}
