// loss[b] = scale sum_i (softplus(logits_bi) - x_bi logits_bi); logits <- scale (sigmoid(logits_bi) - x_bi); twin: src/cpu/loss.ts
// logits: f32[batch, items], in place   targetsIndptr: u32[users + 1]   targetsIndices: u32[nnz]
// targetsValues: f32[nnz] or f32[1]   rows: u32[any]   loss: f32[batch]
// One workgroup a row. `items` are those of a block that begins with `firstItem`; the loss of the first block overwrites,
// that of later ones is added.
// #include "include/mask.wgsl"
// #include "include/reduce.wgsl"
struct Params {
  first: u32,
  count: u32,
  capacity: u32,
  items: u32,
  firstItem: u32,
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
  var sum = vec4f(0.0);
  for (var e = begin + thread; e < end; e += lanes) {
    let column = targetsIndices[e] - params.firstItem; // An item before the block wraps around, beyond its end.
    if (column < params.items) { sum.x -= targetsValue(e) * logits[base + column / 4u][column % 4u]; }
  }
  storageBarrier();
  for (var c = thread; c < params.stride4; c += lanes) {
    let z = logits[base + c];
    // exp of numbers that are never positive; below -80 they are zero in f32.
    let small = exp(max(-abs(z), vec4f(-80.0)));
    sum += keepColumns(max(z, vec4f(0.0)) + log(1.0 + small), c, params.items);
    let sigmoid = select(small, vec4f(1.0), z >= vec4f(0.0)) / (1.0 + small);
    logits[base + c] = keepColumns(params.scale * sigmoid, c, params.items);
  }
  storageBarrier();
  for (var e = begin + thread; e < end; e += lanes) {
    let column = targetsIndices[e] - params.firstItem;
    if (column < params.items && isFirstOfVec4(e, begin)) {
      logits[base + column / 4u] -= params.scale * targetsOfVec4(e, end);
    }
  }
  let total = workgroupSum(sum, thread);
  if (thread == 0u) {
    let before = select(0.0, loss[row], params.firstItem > 0u);
    loss[row] = before + params.scale * ((total.x + total.y) + (total.z + total.w));
  }
}
