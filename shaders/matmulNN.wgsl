// out = activation(a b + bias); twin: src/cpu/matmul.ts
// Two ways to the same sums: `tile` for GPUs, register blocks for adapters that run on a CPU. The latter read
// both operands term by term; the launch runs `transpose` first for one that lies the other way.
// a: f32[m, k], register blocks: its transpose   b: f32[k, n]   bias: f32[n]   out: f32[m, n]
// #include "include/activation.wgsl"
// #include "include/mask.wgsl"
struct Params {
  m: u32,
  n: u32,
  k: u32,
  aStride4: u32,
  bStride4: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<vec4f>;
@group(0) @binding(2) var<storage, read> b: array<vec4f>;
@group(0) @binding(3) var<storage, read> bias: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> out: array<vec4f>;
override activation: u32;
override tile: bool;
override threads: u32;
// #include "include/registerBlock.wgsl"
// #include "include/tileBlock.wgsl"

fn store(row: u32, c: u32, sum: vec4f) {
  if (row >= params.m || c >= params.bStride4) { return; }
  out[row * params.bStride4 + c] = keepColumns(activate4(sum + bias[c], activation), c, params.n);
}

fn tileMain(group: vec3u, t: u32) {
  var sums = array<vec4f, 4>();
  let row = 32u * group.y + t / 2u;
  let c = 8u * group.x + t % 8u;
  for (var k = 0u; k < params.k; k += TERMS) {
    let k4 = k / 4u + t % 2u;
    var l = vec4f(0.0);
    if (row < params.m && k4 < params.aStride4) { l = a[row * params.aStride4 + k4]; }
    var r = vec4f(0.0);
    if (k + t / 8u < params.k && c < params.bStride4) { r = b[(k + t / 8u) * params.bStride4 + c]; }
    stageLeftTurned(t, l);
    stageRight(t, r);
    sums = addTile(t, sums);
  }
  for (var i = 0u; i < 4u; i++) { store(32u * group.y + 4u * (t / 8u) + i, c, sums[i]); }
}

fn registerMain(group: vec3u, t: u32) {
  let c = 16u * group.x + t;
  let row = 8u * group.y;
  if (c >= params.bStride4) { return; }
  var sums = registerBlock(row, c, 0u, params.k);
  // A loop, not 16 copies: some drivers take seconds to compile 16 copies of tanh.
  for (var i = 0u; i < 8u; i++) {
    store(row + i, c, sums.lower[i]);
    store(row + i, c + 8u, sums.upper[i]);
  }
}

@compute @workgroup_size(threads)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  if (tile) { tileMain(group, thread); } else { registerMain(group, thread); }
}
