// out[outRow + r, c] = sum over begin <= t < end: a[t, first + r] b[t, c]; twin: src/cpu/solve.ts
// Two ways to the same sums: `tile` for GPUs, `register` for adapters that run on a CPU.
// a: f32[m, k]   b: f32[m, n]   out: f32[any, n]
struct Params {
  aStride4: u32,
  bStride4: u32,
  outRow: u32,
  first: u32,
  rows: u32,
  begin: u32,
  end: u32,
  firstColumn4: u32,
  endColumn4: u32,
  bIsLower: u32,
  rowsOfGroup: u32,
  bFirst: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<vec4f>;
@group(0) @binding(2) var<storage, read> b: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> out: array<vec4f>;
override tile: bool;
override threads: u32;
// #include "include/panelBlock.wgsl"
// #include "include/tileBlock.wgsl"

fn store(row: u32, c: u32, sum: vec4f) {
  if (row >= params.rows || c >= params.endColumn4) { return; }
  out[(params.outRow + row) * params.bStride4 + c] = sum;
}

// Of a lower triangular b, all terms before the workgroup's first column are zeros.
fn firstTerm(c: u32) -> u32 { return max(params.begin, params.bIsLower * (params.bFirst + 4u * c)); }

fn tileMain(group: vec3u, t: u32) {
  var products = Block();
  let firstOfGroup = params.firstColumn4 + side4 * group.x;
  for (var first = firstTerm(firstOfGroup); first < params.end; first += 4u * depth4) {
    for (var i = t; i < 4u * side4 * depth4; i += threads) {
      let term = first + i / side4;
      let row4 = params.first / 4u + side4 * group.y + i % side4;
      let c = firstOfGroup + i % side4;
      var l = vec4f(0.0);
      var r = vec4f(0.0);
      if (term < params.end) {
        if (row4 < params.aStride4) { l = a[term * params.aStride4 + row4]; }
        if (c < params.bStride4) { r = b[term * params.bStride4 + c]; }
      }
      stageLeft(i, l);
      stageRight(i, r);
    }
    products = addTile(t, products);
  }
  let row = tileRow(group, t);
  let c = params.firstColumn4 + tileColumn(group, t);
  for (var i = 0u; i < 4u * block4; i++) {
    store(row + i, c, products.lower[i]);
    if (block4 == 2u) { store(row + i, c + across(), products.upper[i]); }
  }
}

fn registerMain(group: vec3u, t: u32) {
  let firstOfGroup = params.firstColumn4 + 8u * group.x;
  let c = firstOfGroup + t;
  let firstRow = params.rowsOfGroup * group.y;
  let endRow = min(params.rows, firstRow + params.rowsOfGroup);
  let begin = min(firstTerm(firstOfGroup), params.end);
  for (var first = begin; first < params.end || first == begin; first += mostTerms) {
    let count = min(mostTerms, params.end - first);
    _ = keepTerms(c, first, count);
    for (var row = firstRow; row < endRow; row += 8u) {
      var products = productsOfColumns((params.first + row) / 4u, first, count, t);
      if (c < params.endColumn4) {
        for (var i = 0u; i < min(8u, endRow - row); i++) {
          let at = (params.outRow + row + i) * params.bStride4 + c;
          if (first > begin) { products[i] += out[at]; }
          out[at] = products[i];
        }
      }
    }
  }
}

@compute @workgroup_size(threads)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  if (tile) { tileMain(group, thread); } else { registerMain(group, thread); }
}
