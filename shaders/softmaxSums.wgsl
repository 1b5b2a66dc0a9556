// sums[b] = (m, sum exp(z - m), sum x, sum x z) over the blocks of items so far, m the largest logit z; twin: src/cpu/items.ts
// The block that begins with item 0 overwrites, later ones are merged. One workgroup a row.
// logits: f32[batch, items]   targetsIndptr: u32[users + 1]   targetsIndices: u32[nnz]   targetsValues: f32[nnz] or f32[1]
// rows: u32[any]   sums: f32[batch, 4]
// #include "include/mask.wgsl"
// #include "include/reduce.wgsl"
struct Params {
  first: u32,
  count: u32,
  items: u32,
  firstItem: u32,
  stride4: u32,
  sumsStride4: u32,
  valueStep: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> logits: array<vec4f>;
@group(0) @binding(2) var<storage, read> targetsIndptr: array<u32>;
@group(0) @binding(3) var<storage, read> targetsIndices: array<u32>;
@group(0) @binding(4) var<storage, read> targetsValues: array<f32>;
@group(0) @binding(5) var<storage, read> rows: array<u32>;
@group(0) @binding(6) var<storage, read_write> sums: array<vec4f>;
const LOWEST = -3.4e38;

@compute @workgroup_size(lanes)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let row = group.x;
  let thread = local.x;
  let base = row * params.stride4;
  let place = row * params.sumsStride4;
  if (row >= params.count) {
    if (thread == 0u) { sums[place] = vec4f(0.0); }
    return;
  }
  // Padding columns hold 0, which must not win the maximum.
  let columns4 = (params.items + 3u) / 4u;
  var most = vec4f(LOWEST);
  for (var c = thread; c < columns4; c += lanes) {
    most = max(most, lowerColumns(logits[base + c], c, params.items, LOWEST));
  }
  let highest = workgroupMax(max(max(most.x, most.y), max(most.z, most.w)), thread);
  let before = select(vec4f(highest, 0.0, 0.0, 0.0), sums[place], params.firstItem > 0u);
  let maximum = max(before.x, highest);

  var sum = vec4f(0.0);
  for (var c = thread; c < columns4; c += lanes) {
    sum += keepColumns(exp(logits[base + c] - maximum), c, params.items);
  }
  let user = rows[params.first + row];
  let end = targetsIndptr[user + 1u];
  var n = 0.0;
  var xz = 0.0;
  for (var e = targetsIndptr[user] + thread; e < end; e += lanes) {
    let column = targetsIndices[e] - params.firstItem; // An item before the block wraps around, beyond its end.
    if (column >= params.items) { continue; }
    let x = targetsValues[e * params.valueStep];
    n += x;
    xz += x * logits[base + column / 4u][column % 4u];
  }
  let total = workgroupSum(vec4f((sum.x + sum.y) + (sum.z + sum.w), n, xz, 0.0), thread);
  if (thread == 0u) {
    sums[place] = vec4f(maximum, before.y * exp(before.x - maximum) + total.x, before.z + total.y, before.w + total.z);
  }
}
