// out[item, h] = sum over entries e of the item's column: x_e outGrad[row_e, h]; twin: src/cpu/bag.ts
// A gather: one workgroup an item and 128 columns, no atomics, the same bytes in every run.
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

@compute @workgroup_size(32)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let item = group.x + group.y * groups.x;
  let c = group.z * 32u + local.x;
  if (item >= params.items || c >= params.stride4) { return; }
  let end = starts[params.firstStart + item + 1u];
  var sum = vec4f(0.0);
  for (var e = starts[params.firstStart + item]; e < end; e++) {
    let entry = entries[e];
    if (params.dropThreshold > 0u && mix32(mix32(params.dropKey ^ entry.x) ^ item) < params.dropThreshold) {
      continue;
    }
    sum += bitcast<f32>(entry.y) * outGrad[entry.x * params.stride4 + c];
  }
  out[item * params.stride4 + c] = params.keepScale * sum;
}
