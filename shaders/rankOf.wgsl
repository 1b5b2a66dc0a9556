// For each held-out item of a row: how many unseen items score above it, how many others tie with it at a
// lower index, and how many tie in all; twin: src/cpu/rank.ts
// One workgroup a row; four held-out items in one pass over the scores. `items` are those of a block that begins with
// `firstItem`; the counts of the first block overwrite, those of later ones are added.
// scores: f32[batch, items]   seenIndptr, heldOutIndptr: u32[users + 1]   seenIndices, heldOutIndices: u32[nnz]
// heldOutScores: f32[entries]   rows: u32[any]   ranks: u32[3 * entries]
// #include "include/order.wgsl"
struct Params {
  first: u32,
  count: u32,
  items: u32,
  firstItem: u32,
  stride: u32,
  firstEntry: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> scores: array<f32>;
@group(0) @binding(2) var<storage, read> seenIndptr: array<u32>;
@group(0) @binding(3) var<storage, read> seenIndices: array<u32>;
@group(0) @binding(4) var<storage, read> heldOutIndptr: array<u32>;
@group(0) @binding(5) var<storage, read> heldOutIndices: array<u32>;
@group(0) @binding(6) var<storage, read> heldOutScores: array<f32>;
@group(0) @binding(7) var<storage, read> rows: array<u32>;
@group(0) @binding(8) var<storage, read_write> ranks: array<u32>;

// above, tied at a lower index, tied: four targets each; then a flag for scores that are not finite.
var<workgroup> counters: array<atomic<u32>, 13>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let row = group.x;
  let thread = local.x;
  let base = row * params.stride;
  if (row >= params.count) { return; }
  let user = rows[params.first + row];
  let seenEnd = seenIndptr[user + 1u];
  for (var e = seenIndptr[user] + thread; e < seenEnd; e += 64u) {
    let column = seenIndices[e] - params.firstItem; // An item before the block wraps around, beyond its end.
    if (column < params.items) { scores[base + column] = MASKED; }
  }
  storageBarrier();

  let end = heldOutIndptr[user + 1u];
  for (var e = heldOutIndptr[user]; e < end; e += 4u) {
    // Beyond the last entry the last one is repeated and its counts are thrown away.
    let entry = min(vec4u(e, e + 1u, e + 2u, e + 3u), vec4u(end - 1u));
    let item = vec4u(
      heldOutIndices[entry.x], heldOutIndices[entry.y], heldOutIndices[entry.z], heldOutIndices[entry.w]);
    let at = entry - params.firstEntry;
    let score = vec4f(heldOutScores[at.x], heldOutScores[at.y], heldOutScores[at.z], heldOutScores[at.w]);
    var above = vec4u(0u);
    var lower = vec4u(0u);
    var tied = vec4u(0u);
    var broken = 0u;
    for (var i = thread; i < params.items; i += 64u) {
      let s = scores[base + i];
      if (!isFinite(s)) { broken = 1u; }
      above += select(vec4u(0u), vec4u(1u), vec4f(s) > score);
      if (any(vec4f(s) == score)) {
        let here = vec4u(params.firstItem + i);
        let tie = (vec4f(s) == score) & (here != item);
        tied += select(vec4u(0u), vec4u(1u), tie);
        lower += select(vec4u(0u), vec4u(1u), tie & (here < item));
      }
    }
    for (var j = 0u; j < 4u; j++) {
      atomicAdd(&counters[j], above[j]);
      atomicAdd(&counters[4u + j], lower[j]);
      atomicAdd(&counters[8u + j], tied[j]);
    }
    atomicMax(&counters[12], broken);
    workgroupBarrier();
    if (thread < 12u && e + thread % 4u < end) {
      let place = 3u * (e + thread % 4u - params.firstEntry) + thread / 4u;
      let before = select(0u, ranks[place], params.firstItem > 0u);
      let isBroken = atomicLoad(&counters[12]) != 0u || before == 0xffffffffu;
      ranks[place] = select(before + atomicLoad(&counters[thread]), 0xffffffffu, isBroken);
    }
    workgroupBarrier();
    if (thread < 12u) { atomicStore(&counters[thread], 0u); }
    workgroupBarrier();
  }
}
