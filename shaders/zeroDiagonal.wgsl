// matrix[i, i] = 0; twin: src/cpu/optimiser.ts
// matrix: f32[n, n]
struct Params {
  n: u32,
  stride: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> matrix: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * 64u;
  if (i < params.n) { matrix[i * params.stride + i] = 0.0; }
}
