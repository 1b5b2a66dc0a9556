// out[item, h] = sum over entries e of the item's column: x_e outGrad[row_e, h]; twin: src/cpu/bag.ts
// A gather: one workgroup an item and 128 columns, no atomics, the same bytes in every run. A thread owns four
// vec4 columns, so that an entry is read once for sixteen columns.
// starts: u32[steps * (items + 1)]   entries: vec2u[nnz] (row of the batch, bits of x_e)
// outGrad: f32[batch, hidden]   out: f32[items, hidden]
// #include "include/random.wgsl"
struct Params {
  firstStart: u32,
  items: u32,
  stride4: u32,
  dropKey: u32,
  dropThreshold: u32,
  keepScale: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> starts: array<u32>;
@group(0) @binding(2) var<storage, read> entries: array<vec2u>;
@group(0) @binding(3) var<storage, read> outGrad: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> out: array<vec4f>;


fn store(item: u32, c: u32, sum: vec4f) {
  if (c < params.stride4) { out[item * params.stride4 + c] = params.keepScale * sum; }
}

@compute @workgroup_size(8)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let item = group.x + group.y * groups.x;
  let c = group.z * 32u + local.x;
  if (item >= params.items) { return; }
  let end = starts[params.firstStart + item + 1u];
  var s0 = vec4f(0.0);
  var s1 = vec4f(0.0);
  var s2 = vec4f(0.0);
  var s3 = vec4f(0.0);
  for (var e = starts[params.firstStart + item]; e < end; e++) {
    let entry = entries[e];
    if (params.dropThreshold > 0u && mix32(mix32(params.dropKey ^ entry.x) ^ item) < params.dropThreshold) {
      continue;
    }
    let x = bitcast<f32>(entry.y);
    let at = entry.x * params.stride4 + c;
    s0 += x * outGrad[at];
    s1 += x * outGrad[at + 8u];
    s2 += x * outGrad[at + 16u];
    s3 += x * outGrad[at + 24u];
  }
  store(item, c, s0);
  store(item, c + 8u, s1);
  store(item, c + 16u, s2);
  store(item, c + 24u, s3);
}
