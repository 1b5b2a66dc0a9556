// values[i, j] <- 0 where the place (i, j) is dropped, else values[i, j] / (1 - rate); twin: src/cpu/bag.ts
// values: f32[m, n], in place
// #include "include/random.wgsl"
struct Params {
  m: u32,
  stride4: u32,
  dropKey: u32,
  dropThreshold: u32,
  keepScale: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> values: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = id.x + id.y * groups.x * 64u;
  if (at >= params.m * params.stride4) { return; }
  let rowKey = mix32(params.dropKey ^ (at / params.stride4));
  let column = 4u * (at % params.stride4);
  let bits = vec4u(
    mix32(rowKey ^ column), mix32(rowKey ^ (column + 1u)), mix32(rowKey ^ (column + 2u)), mix32(rowKey ^ (column + 3u)));
  values[at] = select(params.keepScale * values[at], vec4f(0.0), bits < vec4u(params.dropThreshold));
}
