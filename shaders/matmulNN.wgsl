// out = activation(a b + bias); twin: src/cpu/matmul.ts
// Two ways to the same sums: `tile` for GPUs, `register` for adapters that run on a CPU.
// a: f32[m, k]   b: f32[k, n]   bias: f32[n]   out: f32[m, n]
// #include "include/activation.wgsl"
// #include "include/mask.wgsl"
struct Params {
  m: u32,
  n: u32,
  k: u32,
  aStride4: u32,
  bStride4: u32,
  rowsOfGroup: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<vec4f>;
@group(0) @binding(2) var<storage, read> b: array<vec4f>;
@group(0) @binding(3) var<storage, read> bias: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> out: array<vec4f>;
override activation: u32;
override tile: bool;
override threads: u32;
// #include "include/panelBlock.wgsl"
// #include "include/tileBlock.wgsl"

fn store(row: u32, c: u32, sum: vec4f) {
  if (row >= params.m || c >= params.bStride4) { return; }
  out[row * params.bStride4 + c] = keepColumns(activate4(sum + bias[c], activation), c, params.n);
}

fn tileMain(group: vec3u, t: u32) {
  var products = Block();
  for (var k = 0u; k < params.k; k += 4u * depth4) {
    for (var i = t; i < 4u * side4 * depth4; i += threads) {
      let row = 4u * side4 * group.y + i / depth4;
      let k4 = k / 4u + i % depth4;
      var l = vec4f(0.0);
      if (row < params.m && k4 < params.aStride4) { l = a[row * params.aStride4 + k4]; }
      let term = k + i / side4;
      let c = side4 * group.x + i % side4;
      var r = vec4f(0.0);
      if (term < params.k && c < params.bStride4) { r = b[term * params.bStride4 + c]; }
      stageLeftTurned(i, l);
      stageRight(i, r);
    }
    products = addTile(t, products);
  }
  let row = tileRow(group, t);
  let c = tileColumn(group, t);
  for (var i = 0u; i < 4u * block4; i++) {
    store(row + i, c, products.lower[i]);
    if (block4 == 2u) { store(row + i, c + across(), products.upper[i]); }
  }
}

fn registerMain(group: vec3u, t: u32) {
  let c = 8u * group.x + t;
  let begin = params.rowsOfGroup * group.y;
  let end = min(params.m, begin + params.rowsOfGroup);
  for (var first = 0u; first < params.k; first += mostTerms) {
    let count = min(mostTerms, params.k - first);
    _ = keepTerms(c, first, count);
    for (var row = begin; row < end; row += 8u) {
      var sums = productsOfRows(row, first, count, t, false);
      // A loop, not 8 copies: some drivers take seconds to compile as many copies of tanh.
      if (c < params.bStride4) {
        for (var i = 0u; i < min(8u, end - row); i++) {
          let at = (row + i) * params.bStride4 + c;
          if (first > 0u) { sums[i] += out[at]; }
          if (first + count == params.k) { store(row + i, c, sums[i]); } else { out[at] = sums[i]; }
        }
      }
    }
  }
}

@compute @workgroup_size(threads)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  if (tile) { tileMain(group, thread); } else { registerMain(group, thread); }
}
