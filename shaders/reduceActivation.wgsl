// out = (sum of the parts) * activation'(saved), in fixed order; twin: src/cpu/matmul.ts
// parts: f32[splits * m, n]   saved: f32[m, n]   out: f32[m, n]
// #include "include/activation.wgsl"
struct Params {
  m: u32,
  stride4: u32,
  splits: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> parts: array<vec4f>;
@group(0) @binding(2) var<storage, read> saved: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> out: array<vec4f>;
override activation: u32;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = id.x + id.y * groups.x * 64u;
  let size = params.m * params.stride4;
  if (at >= size) { return; }
  var sum = vec4f(0.0);
  for (var part = 0u; part < params.splits; part++) { sum += parts[part * size + at]; }
  out[at] = sum * derivative4(saved[at], activation);
}
