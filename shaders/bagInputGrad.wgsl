// out[e] = sum over h: weights[item_e - firstItem, h] outGrad[b, h], for the entries e of the batch's rows in the block; twin: src/cpu/bag.ts
// One workgroup a row of the batch; its threads share out the row's entries.
// placesIndptr: u32[users + 1]   placesIndices: u32[nnz]   rows: u32[any]
// weights: f32[items, hidden]   outGrad: f32[batch, hidden]   out: f32[nnz]
struct Params {
  first: u32,
  items: u32,
  firstItem: u32,
  stride4: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> placesIndptr: array<u32>;
@group(0) @binding(2) var<storage, read> placesIndices: array<u32>;
@group(0) @binding(3) var<storage, read> rows: array<u32>;
@group(0) @binding(4) var<storage, read> weights: array<vec4f>;
@group(0) @binding(5) var<storage, read> outGrad: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> out: array<f32>;
override lanes: u32;

@compute @workgroup_size(lanes)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) t: u32) {
  let user = rows[params.first + group.x];
  let end = placesIndptr[user + 1u];
  let gradAt = group.x * params.stride4;
  for (var e = placesIndptr[user] + t; e < end; e += lanes) {
    let item = placesIndices[e] - params.firstItem; // An item before the block wraps around, beyond its end.
    if (item >= params.items) { continue; }
    let at = item * params.stride4;
    var sum = 0.0;
    for (var h = 0u; h < params.stride4; h++) { sum += dot(weights[at + h], outGrad[gradAt + h]); }
    out[e] = sum;
  }
}
