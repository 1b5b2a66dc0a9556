// out[item, h] = or += sum over entries e of the item's column: x_e outGrad[row_e, h],
// sums[h] = sum over rows of outGrad[row, h]; twin: src/cpu/bag.ts
// `items` are those of a block that begins with `firstItem`. A gather: one workgroup an item, no atomics, the same bytes in every run. A thread owns `perThread` vec4
// columns; see bagForward.
// starts: u32[steps * (items + 1)]   entries: vec2u[nnz] (row of the batch, bits of x_e)
// outGrad: f32[batch, hidden]   out: f32[items, hidden]   sums: f32[hidden]   scales: f32[batch]
// #include "include/random.wgsl"
struct Params {
  firstStart: u32,
  items: u32,
  firstItem: u32,
  batch: u32,
  stride4: u32,
  accumulate: u32,
  dropKey: u32,
  dropThreshold: u32,
  keepScale: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> starts: array<u32>;
@group(0) @binding(2) var<storage, read> entries: array<vec2u>;
@group(0) @binding(3) var<storage, read> outGrad: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> out: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> sums: array<vec4f>;
@group(0) @binding(6) var<storage, read> scales: array<f32>;
override normalise: bool;
override lanes: u32;
override perThread: u32;

@compute @workgroup_size(lanes)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let item = group.x + group.y * groups.x;
  let c = group.z * lanes * perThread + local.x;
  // One workgroup more than there are items sums the columns.
  if (item > params.items) { return; }
  if (item == params.items) {
    for (var column = c; column < min(params.stride4, c + lanes * perThread); column += lanes) {
      var total = vec4f(0.0);
      for (var row = 0u; row < params.batch; row++) { total += outGrad[row * params.stride4 + column]; }
      sums[column] = total;
    }
    return;
  }
  let begin = starts[params.firstStart + params.firstItem + item];
  let end = starts[params.firstStart + params.firstItem + item + 1u];
  if (params.accumulate == 1u && begin == end) { return; }
  var found = array<vec4f, 4>();
  for (var e = begin; e < end; e++) {
    let entry = entries[e];
    if (params.dropThreshold > 0u && mix32(mix32(params.dropKey ^ entry.x) ^ (params.firstItem + item)) < params.dropThreshold) {
      continue;
    }
    var x = bitcast<f32>(entry.y);
    if (normalise) { x *= scales[entry.x]; }
    let at = entry.x * params.stride4 + c;
    for (var j = 0u; j < perThread; j++) { found[j] += x * outGrad[at + lanes * j]; }
  }
  let factor = select(params.keepScale, 1.0, normalise);
  for (var j = 0u; j < perThread; j++) {
    let column = c + lanes * j;
    if (column >= params.stride4) { continue; }
    let at = item * params.stride4 + column;
    out[at] = factor * found[j] + select(vec4f(0.0), out[at], params.accumulate == 1u);
  }
}
