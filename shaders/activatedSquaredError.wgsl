// The squared error of y = output(logits): loss[b] = scale sum_i w_bi (y_bi - x_bi)^2, and in place its
// gradient for the logits; twin: src/cpu/loss.ts. w_bi = 1 where x_bi is stored, else negativeWeight.
// softmax: d_i = y_i (e_i - sum_j y_j e_j), sigmoid: d_i = y_i (1 - y_i) e_i, with e_i = 2 scale w_i (y_i - x_i).
// logits: f32[batch, items], in place   targetsIndptr: u32[users + 1]   targetsIndices: u32[nnz]
// targetsValues: f32[nnz] or f32[1]   rows: u32[any]   loss: f32[batch]
// One workgroup a row. Scalars, not vec4: two threads must never write components of one vec4.
// #include "include/reduce.wgsl"
// #include "include/softmax.wgsl"
struct Params {
  first: u32,
  count: u32,
  capacity: u32,
  items: u32,
  stride: u32,
  valueStep: u32,
  scale: f32,
  negativeWeight: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> logits: array<f32>;
@group(0) @binding(2) var<storage, read> targetsIndptr: array<u32>;
@group(0) @binding(3) var<storage, read> targetsIndices: array<u32>;
@group(0) @binding(4) var<storage, read> targetsValues: array<f32>;
@group(0) @binding(5) var<storage, read> rows: array<u32>;
@group(0) @binding(6) var<storage, read_write> loss: array<f32>;

const SOFTMAX = 0u;
override output: u32;

struct Target {
  x: f32,
  w: f32,
}

// The target of an item by bisection in the row's ascending items: both passes need it at every item.
fn targetOf(item: u32, begin: u32, end: u32) -> Target {
  var low = begin;
  var high = end;
  while (low < high) {
    let middle = (low + high) / 2u;
    if (targetsIndices[middle] < item) { low = middle + 1u; } else { high = middle; }
  }
  if (low < end && targetsIndices[low] == item) { return Target(targetsValues[low * params.valueStep], 1.0); }
  return Target(0.0, params.negativeWeight);
}

fn outputOf(z: f32, all: Softmax) -> f32 {
  if (output == SOFTMAX) { return exp(z - all.m) / all.s; }
  return 1.0 / (1.0 + exp(-clamp(z, -80.0, 80.0)));
}

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

  var mine = Softmax(LOWEST, 0.0);
  for (var i = thread; i < params.items; i += 64u) { mine = merge(mine, Softmax(logits[base + i], 1.0)); }
  let all = workgroupSoftmax(mine, thread);

  // x: sum of the loss; y: sum of y_j e_j.
  var sums = vec4f(0.0);
  for (var i = thread; i < params.items; i += 64u) {
    let y = outputOf(logits[base + i], all);
    let t = targetOf(i, begin, end);
    let error = y - t.x;
    sums += vec4f(params.scale * t.w * error * error, y * 2.0 * params.scale * t.w * error, 0.0, 0.0);
  }
  let total = workgroupSum(sums, thread);
  if (thread == 0u) { loss[row] = total.x; }
  for (var i = thread; i < params.items; i += 64u) {
    let y = outputOf(logits[base + i], all);
    let t = targetOf(i, begin, end);
    let error = 2.0 * params.scale * t.w * (y - t.x);
    logits[base + i] = select(y * (1.0 - y) * error, y * (error - total.y), output == SOFTMAX);
  }
}
