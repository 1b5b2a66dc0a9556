// loss[b] = -scale sum_i x_bi log softmax(logits_b)_i; logits <- scale (n_b softmax(logits_b) - x_b); twin: src/cpu/loss.ts
// logits: f32[batch, items], in place   targetsIndptr: u32[users + 1]   targetsIndices: u32[nnz]
// targetsValues: f32[nnz] or f32[1]   rows: u32[any]   loss: f32[batch]
// One workgroup a row.
// #include "include/mask.wgsl"
// #include "include/reduce.wgsl"
struct Params {
  first: u32,
  count: u32,
  capacity: u32,
  items: u32,
  stride4: u32,
  valueStep: u32,
  scale: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> logits: array<vec4f>;
@group(0) @binding(2) var<storage, read> targetsIndptr: array<u32>;
@group(0) @binding(3) var<storage, read> targetsIndices: array<u32>;
@group(0) @binding(4) var<storage, read> targetsValues: array<f32>;
@group(0) @binding(5) var<storage, read> rows: array<u32>;
@group(0) @binding(6) var<storage, read_write> loss: array<f32>;
// #include "include/targets.wgsl"
const LOWEST = -3.4e38;

@compute @workgroup_size(lanes)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let row = group.x;
  let thread = local.x;
  let base = row * params.stride4;
  if (row >= params.count) {
    clearRow(row, thread);
    return;
  }
  let user = rows[params.first + row];
  let begin = targetsIndptr[user];
  let end = targetsIndptr[user + 1u];

  // Whole vec4 columns, then by the first thread what is left; padding holds 0, which must not win the maximum.
  let whole = params.items / 4u;
  let hasRest = thread == 0u && 4u * whole < params.items;
  var most = vec4f(LOWEST);
  for (var c = thread; c < whole; c += lanes) { most = max(most, logits[base + c]); }
  if (hasRest) { most = max(most, lowerColumns(logits[base + whole], whole, params.items, LOWEST)); }
  let maximum = workgroupMax(max(max(most.x, most.y), max(most.z, most.w)), thread);

  // The exponentials are computed twice and not stored: stores cost more.
  var sum = vec4f(0.0);
  for (var c = thread; c < whole; c += lanes) { sum += exp(logits[base + c] - maximum); }
  if (hasRest) { sum += keepColumns(exp(logits[base + whole] - maximum), whole, params.items); }
  // n: sum of the targets; xz: sum of target * (logit - maximum).
  var n = 0.0;
  var xz = 0.0;
  for (var e = begin + thread; e < end; e += lanes) {
    let x = targetsValue(e);
    let item = targetsIndices[e];
    n += x;
    xz += x * (logits[base + item / 4u][item % 4u] - maximum);
  }
  // Every thread waits for the sums of what the others have read: from here on logits may be overwritten.
  let total = workgroupSum(vec4f((sum.x + sum.y) + (sum.z + sum.w), n, xz, 0.0), thread);
  if (thread == 0u) { loss[row] = params.scale * (total.y * log(total.x) - total.z); }

  let factor = params.scale * total.y / total.x;
  for (var c = thread; c < whole; c += lanes) { logits[base + c] = factor * exp(logits[base + c] - maximum); }
  if (hasRest) {
    logits[base + whole] = keepColumns(factor * exp(logits[base + whole] - maximum), whole, params.items);
  }
  storageBarrier();
  for (var e = begin + thread; e < end; e += lanes) {
    if (isFirstOfVec4(e, begin)) { logits[base + targetsIndices[e] / 4u] -= params.scale * targetsOfVec4(e, end); }
  }
}
