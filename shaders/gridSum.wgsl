// out[r items + i, h] = activation(users[firstRow + r, h] + items[i, h]): pairSum of every item; twin: src/cpu/pair.ts
// A thread has four columns of a pair.
// users: f32[any, hidden]   items: f32[items, hidden]   out: f32[capacity, hidden]
// #include "include/activation.wgsl"
// #include "include/mask.wgsl"
struct Params {
  firstRow: u32,
  rows: u32,
  itemCount: u32,
  hidden: u32,
  stride4: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> users: array<vec4f>;
@group(0) @binding(2) var<storage, read> items: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> out: array<vec4f>;
override activation: u32;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = id.x + id.y * groups.x * 64u;
  let perRow = params.itemCount * params.stride4;
  let row = at / perRow;
  if (row >= params.rows) { return; }
  let c = at % params.stride4;
  let z = users[(params.firstRow + row) * params.stride4 + c] + items[at % perRow];
  out[at] = keepColumns(activate4(z, activation), c, params.hidden);
}
