// scores[firstRow + r, i] += parts[r items + i, 0]; twin: src/cpu/pair.ts
// parts: f32[any, 1]   scores: f32[batch, items]
struct Params {
  firstRow: u32,
  rows: u32,
  items: u32,
  stride: u32,
  partStride: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> parts: array<f32>;
@group(0) @binding(2) var<storage, read_write> scores: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = id.x + id.y * groups.x * 64u;
  if (at >= params.rows * params.items) { return; }
  let row = params.firstRow + at / params.items;
  scores[row * params.stride + at % params.items] += parts[at * params.partStride];
}
