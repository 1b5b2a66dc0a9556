// loss[b] = scale sum_i w_bi (logits_bi - x_bi)^2; logits <- 2 scale w_bi (logits_bi - x_bi); twin: src/cpu/loss.ts
// w_bi = 1 where x_bi is stored, else negativeWeight.
// logits: f32[batch, items], in place   targetsIndptr: u32[users + 1]   targetsIndices: u32[nnz]
// targetsValues: f32[nnz] or f32[1]   rows: u32[any]   loss: f32[batch]
// One workgroup a row. Scalars, not vec4: two threads must never write components of one vec4.
// #include "include/reduce.wgsl"
struct Params {
  first: u32,
  count: u32,
  capacity: u32,
  items: u32,
  stride: u32,
  valueStep: u32,
  scale: f32,
  negativeWeight: f32,
  targetFactor: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> logits: array<f32>;
@group(0) @binding(2) var<storage, read> targetsIndptr: array<u32>;
@group(0) @binding(3) var<storage, read> targetsIndices: array<u32>;
@group(0) @binding(4) var<storage, read> targetsValues: array<f32>;
@group(0) @binding(5) var<storage, read> rows: array<u32>;
@group(0) @binding(6) var<storage, read_write> loss: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let row = group.x;
  let thread = local.x;
  let base = row * params.stride;
  if (row >= params.count) {
    for (var i = thread; i < params.stride; i += 64u) { logits[base + i] = 0.0; }
    if (thread == 0u && row < params.capacity) { loss[row] = 0.0; }
    return;
  }
  let user = rows[params.first + row];
  let begin = targetsIndptr[user];
  let end = targetsIndptr[user + 1u];
  let w = params.negativeWeight;
  // At the targets first: z <- (z - x) / sqrt(w), so that one dense pass adds the right loss for every item;
  // their gradient then lacks the same factor, which is 1 unless the loss is weighted.
  var sum = 0.0;
  for (var e = begin + thread; e < end; e += 64u) {
    let at = base + targetsIndices[e];
    logits[at] = params.targetFactor * (logits[at] - targetsValues[e * params.valueStep]);
  }
  storageBarrier();
  for (var i = thread; i < params.items; i += 64u) {
    let z = logits[base + i];
    sum += w * z * z;
    logits[base + i] = 2.0 * params.scale * w * z;
  }
  if (w != 1.0) {
    storageBarrier();
    for (var e = begin + thread; e < end; e += 64u) { logits[base + targetsIndices[e]] *= params.targetFactor; }
  }
  let total = workgroupSum(vec4f(sum, 0.0, 0.0, 0.0), thread);
  if (thread == 0u) { loss[row] = params.scale * total.x; }
}
