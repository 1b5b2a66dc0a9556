// The share of a block of items in bagForward; twin: src/cpu/items.ts
// out[b, h] = (firstItem = 0 ? bias[h] : out[b, h]) + sum over entries e of row b in the block: x_e weights[item_e - firstItem, h],
// and the activation of that where the block is the last. One workgroup a row of the batch; columns as in bagForward.
// inputIndptr: u32[users + 1]   inputIndices: u32[nnz]   inputValues: f32[nnz] or f32[1]   rows: u32[any]
// weights: f32[items, hidden]   bias: f32[hidden]   out: f32[batch, hidden]
// #include "include/random.wgsl"
// #include "include/activation.wgsl"
// #include "include/mask.wgsl"
struct Params {
  first: u32,
  count: u32,
  items: u32,
  firstItem: u32,
  hidden: u32,
  stride4: u32,
  valueStep: u32,
  dropKey: u32,
  dropThreshold: u32,
  keepScale: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> inputIndptr: array<u32>;
@group(0) @binding(2) var<storage, read> inputIndices: array<u32>;
@group(0) @binding(3) var<storage, read> inputValues: array<f32>;
@group(0) @binding(4) var<storage, read> rows: array<u32>;
@group(0) @binding(5) var<storage, read> weights: array<vec4f>;
@group(0) @binding(6) var<storage, read> bias: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> out: array<vec4f>;
override activation: u32;
override lanes: u32;
override perThread: u32;

@compute @workgroup_size(lanes)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let row = group.x;
  let c = group.y * lanes * perThread + local.x;
  var sums = array<vec4f, 4>();
  if (row < params.count) {
    let user = rows[params.first + row];
    let end = inputIndptr[user + 1u];
    let rowKey = mix32(params.dropKey ^ row);
    for (var e = inputIndptr[user]; e < end; e++) {
      let item = inputIndices[e] - params.firstItem; // An item before the block wraps around, beyond its end.
      if (item >= params.items) { continue; }
      if (params.dropThreshold > 0u && mix32(rowKey ^ inputIndices[e]) < params.dropThreshold) { continue; }
      let x = inputValues[e * params.valueStep];
      // Beyond the last column this reads of the next row, and is thrown away.
      let at = item * params.stride4 + c;
      for (var j = 0u; j < perThread; j++) { sums[j] += x * weights[at + lanes * j]; }
    }
  }
  for (var j = 0u; j < perThread; j++) {
    let column = c + lanes * j;
    if (column >= params.stride4) { continue; }
    let at = row * params.stride4 + column;
    let before = select(out[at], bias[column], params.firstItem == 0u);
    let value = keepColumns(activate4(params.keepScale * sums[j] + before, activation), column, params.hidden);
    out[at] = select(vec4f(0.0), value, row < params.count);
  }
}
