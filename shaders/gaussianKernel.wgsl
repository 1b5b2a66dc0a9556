// cosines <- exp(sharpness (cosines - 1)), in place; twin: src/cpu/scores.ts
// One thread a vec4.
// cosines: f32[m, n]
// #include "include/mask.wgsl"
struct Params {
  size4: u32,
  columns: u32,
  stride4: u32,
  sharpness: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> cosines: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * 64u;
  if (i >= params.size4) { return; }
  cosines[i] = keepColumns(exp(params.sharpness * (cosines[i] - 1.0)), i % params.stride4, params.columns);
}
