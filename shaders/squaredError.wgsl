// loss[b] = scale sum_i w_bi (logits_bi - x_bi)^2; logits <- 2 scale w_bi (logits_bi - x_bi); twin: src/cpu/loss.ts
// w_bi = 1 where x_bi is stored, else negativeWeight.
// logits: f32[batch, items], in place   targetsIndptr: u32[users + 1]   targetsIndices: u32[nnz]
// targetsValues: f32[nnz] or f32[1]   rows: u32[any]   loss: f32[batch]
// One workgroup a row. `items` are those of a block that begins with `firstItem`; the loss of the first block overwrites,
// that of later ones is added.
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
  negativeWeight: f32,
  targetFactor: f32,
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
  let w = params.negativeWeight;
  // At the targets first: z <- (z - x) / sqrt(w), so that one dense pass adds the right loss for every item;
  // their gradient then lacks the same factor, which is 1 unless the loss is weighted.
  for (var e = begin + thread; e < end; e += lanes) {
    let column = targetsIndices[e] - params.firstItem; // An item before the block wraps around, beyond its end.
    if (column >= params.items || !isFirstOfVec4(e, begin)) { continue; }
    let at = base + column / 4u;
    logits[at] = (logits[at] - targetsOfVec4(e, end)) * factors(e, end);
  }
  storageBarrier();
  // Padding columns hold 0: no loss, no gradient.
  var sum = vec4f(0.0);
  for (var c = thread; c < params.stride4; c += lanes) {
    let z = logits[base + c];
    sum += w * z * z;
    logits[base + c] = 2.0 * params.scale * w * z;
  }
  if (w != 1.0) {
    storageBarrier();
    for (var e = begin + thread; e < end; e += lanes) {
      let column = targetsIndices[e] - params.firstItem;
      if (column < params.items && isFirstOfVec4(e, begin)) { logits[base + column / 4u] *= factors(e, end); }
    }
  }
  let total = workgroupSum(sum, thread);
  if (thread == 0u) {
    let before = select(0.0, loss[row], params.firstItem > 0u);
    loss[row] = before + params.scale * ((total.x + total.y) + (total.z + total.w));
  }
}

// 1 / sqrt(negativeWeight) at the targets of the vec4 that entry `e` is the first of, 1 beside them.
fn factors(e: u32, end: u32) -> vec4f {
  var f = vec4f(1.0);
  if (params.negativeWeight == 1.0) { return f; }
  let c = targetsIndices[e] / 4u;
  for (var j = e; j < end && targetsIndices[j] / 4u == c; j++) { f[targetsIndices[j] % 4u] = params.targetFactor; }
  return f;
}
