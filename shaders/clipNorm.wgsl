// grad <- grad min(1, most / (length + 1e-6)), length = sqrt(sum of squares); twin: src/cpu/optimiser.ts
// Every thread adds the 32 squares for itself, in the same order.
// grad: f32[any], in place   squares: f32[32]
struct Params {
  size4: u32,
  most: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> grad: array<vec4f>;
@group(0) @binding(2) var<storage, read> squares: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = id.x + id.y * groups.x * 64u;
  if (at >= params.size4) { return; }
  var sum = vec4f(0.0);
  for (var i = 0u; i < 8u; i++) { sum += squares[i]; }
  let length = sqrt((sum.x + sum.y) + (sum.z + sum.w));
  grad[at] *= min(1.0, params.most / (length + 1e-6));
}
