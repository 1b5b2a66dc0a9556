// out = aT b, sums = column sums of b, or added to what is there; twin: src/cpu/matmul.ts
// Two ways to the same sums: `tile` for GPUs, `register` for adapters that run on a CPU.
// a: f32[m, k]   b: f32[m, n]   out: f32[k, n]   sums: f32[n]
struct Params {
  m: u32,
  k: u32,
  aStride4: u32,
  bStride4: u32,
  accumulate: u32,
  rowsOfGroup: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<vec4f>;
@group(0) @binding(2) var<storage, read> b: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> out: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> sums: array<vec4f>;
override tile: bool;
override threads: u32;
// #include "include/panelBlock.wgsl"
// #include "include/tileBlock.wgsl"

fn store(row: u32, c: u32, sum: vec4f) {
  if (row >= params.k || c >= params.bStride4) { return; }
  let at = row * params.bStride4 + c;
  out[at] = sum + select(vec4f(0.0), out[at], params.accumulate == 1u);
}

// By the workgroups of the first rows, for the columns they have anyway.
fn sumColumn(c: u32) {
  if (c >= params.bStride4) { return; }
  var total = vec4f(0.0);
  for (var i = 0u; i < params.m; i++) { total += b[i * params.bStride4 + c]; }
  storeSum(c, total);
}

fn storeSum(c: u32, total: vec4f) { sums[c] = total + select(vec4f(0.0), sums[c], params.accumulate == 1u); }

fn tileMain(group: vec3u, t: u32) {
  if (group.y == 0u && t < side4) { sumColumn(side4 * group.x + t); }
  var products = Block();
  for (var first = 0u; first < params.m; first += 4u * depth4) {
    for (var i = t; i < 4u * side4 * depth4; i += threads) {
      let term = first + i / side4;
      let row4 = side4 * group.y + i % side4;
      let c = side4 * group.x + i % side4;
      var l = vec4f(0.0);
      var r = vec4f(0.0);
      if (term < params.m) {
        if (row4 < params.aStride4) { l = a[term * params.aStride4 + row4]; }
        if (c < params.bStride4) { r = b[term * params.bStride4 + c]; }
      }
      stageLeft(i, l);
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
  let end = min(params.k, begin + params.rowsOfGroup);
  var total = vec4f(0.0);
  for (var first = 0u; first < params.m; first += mostTerms) {
    let count = min(mostTerms, params.m - first);
    total += keepTerms(c, first, count);
    for (var row = begin; row < end; row += 8u) {
      var products = productsOfColumns(row / 4u, first, count, t);
      if (c < params.bStride4) {
        for (var i = 0u; i < min(8u, end - row); i++) {
          let at = (row + i) * params.bStride4 + c;
          if (first > 0u || params.accumulate == 1u) { products[i] += out[at]; }
          out[at] = products[i];
        }
      }
    }
  }
  if (group.y == 0u && c < params.bStride4) { storeSum(c, total); }
}

@compute @workgroup_size(threads)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  if (tile) { tileMain(group, thread); } else { registerMain(group, thread); }
}
