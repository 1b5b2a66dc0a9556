// out[k, h] = activation(users[user_k, h] + items[item_k, h]); twin: src/cpu/pair.ts
// A thread has four columns of a pair.
// pairs: vec4u[any] (user, item, target, weight)   users: f32[any, hidden]   items: f32[any, hidden]
// out: f32[capacity, hidden]
// #include "include/activation.wgsl"
// #include "include/mask.wgsl"
struct Params {
  first: u32,
  count: u32,
  capacity: u32,
  hidden: u32,
  stride4: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> pairs: array<vec4u>;
@group(0) @binding(2) var<storage, read> users: array<vec4f>;
@group(0) @binding(3) var<storage, read> items: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> out: array<vec4f>;
override activation: u32;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = id.x + id.y * groups.x * 64u;
  let k = at / params.stride4;
  let c = at % params.stride4;
  if (k >= params.capacity) { return; }
  var value = vec4f(0.0);
  if (k < params.count) {
    let pair = pairs[params.first + k];
    let z = users[pair.x * params.stride4 + c] + items[pair.y * params.stride4 + c];
    value = keepColumns(activate4(z, activation), c, params.hidden);
  }
  out[at] = value;
}
