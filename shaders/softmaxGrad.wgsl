// loss[b] = scale (n (m + log s) - xz); logits <- scale (n exp(logits - m) / s - x) for a block of items, with
// (m, s, n, xz) = sums[b] over all of them, see softmaxSums; twin: src/cpu/items.ts
// logits: f32[batch, items], in place   targetsIndptr: u32[users + 1]   targetsIndices: u32[nnz]
// targetsValues: f32[nnz] or f32[1]   rows: u32[any]   sums: f32[batch, 4]   loss: f32[batch]
// One workgroup a row.
// #include "include/mask.wgsl"
struct Params {
  first: u32,
  count: u32,
  capacity: u32,
  items: u32,
  firstItem: u32,
  stride4: u32,
  sumsStride4: u32,
  valueStep: u32,
  scale: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> logits: array<vec4f>;
@group(0) @binding(2) var<storage, read> targetsIndptr: array<u32>;
@group(0) @binding(3) var<storage, read> targetsIndices: array<u32>;
@group(0) @binding(4) var<storage, read> targetsValues: array<f32>;
@group(0) @binding(5) var<storage, read> rows: array<u32>;
@group(0) @binding(6) var<storage, read> sums: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> loss: array<f32>;
override lanes: u32;
// #include "include/targets.wgsl"

@compute @workgroup_size(lanes)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let row = group.x;
  let thread = local.x;
  let base = row * params.stride4;
  if (row >= params.count) {
    clearRow(row, thread);
    return;
  }
  let total = sums[row * params.sumsStride4];
  if (thread == 0u) { loss[row] = params.scale * (total.z * (total.x + log(total.y)) - total.w); }
  let factor = params.scale * total.z / total.y;
  for (var c = thread; c < params.stride4; c += lanes) {
    logits[base + c] = keepColumns(factor * exp(logits[base + c] - total.x), c, params.items);
  }
  storageBarrier();
  let user = rows[params.first + row];
  let begin = targetsIndptr[user];
  let end = targetsIndptr[user + 1u];
  for (var e = begin + thread; e < end; e += lanes) {
    let column = targetsIndices[e] - params.firstItem; // An item before the block wraps around, beyond its end.
    if (column < params.items && isFirstOfVec4(e, begin)) {
      logits[base + column / 4u] -= params.scale * targetsOfVec4(e, end);
    }
  }
}
