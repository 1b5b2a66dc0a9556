// loss[b] = scale sum_i (softplus(logits_bi) - x_bi logits_bi); logits <- scale (sigmoid(logits_bi) - x_bi); twin: src/cpu/loss.ts
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
  var sum = 0.0;
  for (var e = begin + thread; e < end; e += 64u) {
    sum -= targetsValues[e * params.valueStep] * logits[base + targetsIndices[e]];
  }
  storageBarrier();
  for (var i = thread; i < params.items; i += 64u) {
    let z = logits[base + i];
    // exp of a number that is never positive; below -80 it is zero in f32.
    let small = exp(max(-abs(z), -80.0));
    sum += max(z, 0.0) + log(1.0 + small);
    logits[base + i] = params.scale * select(small, 1.0, z >= 0.0) / (1.0 + small);
  }
  storageBarrier();
  for (var e = begin + thread; e < end; e += 64u) {
    logits[base + targetsIndices[e]] -= params.scale * targetsValues[e * params.valueStep];
  }
  let total = workgroupSum(vec4f(sum, 0.0, 0.0, 0.0), thread);
  if (thread == 0u) { loss[row] = params.scale * total.x; }
}
