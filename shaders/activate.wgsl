// out = activation(input), element by element; twin: src/cpu/matmul.ts
// input: f32[m, n]   out: f32[m, n]
// #include "include/activation.wgsl"
// #include "include/mask.wgsl"
struct Params {
  m: u32,
  n: u32,
  stride4: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> out: array<vec4f>;
override activation: u32;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = id.x + id.y * groups.x * 64u;
  if (at >= params.m * params.stride4) { return; }
  out[at] = keepColumns(activate4(input[at], activation), at % params.stride4, params.n);
}
