// out[e - firstEntry] = scores[row, item_e - firstItem] for the held-out items of a block; twin: src/cpu/rank.ts
// One workgroup a row.
// scores: f32[batch, items]   heldOutIndptr: u32[users + 1]   heldOutIndices: u32[nnz]   rows: u32[any]   out: f32[entries]
struct Params {
  first: u32,
  count: u32,
  items: u32,
  firstItem: u32,
  stride: u32,
  firstEntry: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> scores: array<f32>;
@group(0) @binding(2) var<storage, read> heldOutIndptr: array<u32>;
@group(0) @binding(3) var<storage, read> heldOutIndices: array<u32>;
@group(0) @binding(4) var<storage, read> rows: array<u32>;
@group(0) @binding(5) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let row = group.x;
  if (row >= params.count) { return; }
  let user = rows[params.first + row];
  let end = heldOutIndptr[user + 1u];
  for (var e = heldOutIndptr[user] + local.x; e < end; e += 64u) {
    let column = heldOutIndices[e] - params.firstItem; // An item before the block wraps around, beyond its end.
    if (column < params.items) { out[e - params.firstEntry] = scores[row * params.stride + column]; }
  }
}
