// out[n] = sum over rows of input[m, n]; twin: src/cpu/matmul.ts
// One thread four columns: neighbouring threads read neighbouring vec4.
// input: f32[m, n]   out: f32[n]
struct Params {
  m: u32,
  stride4: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> out: array<vec4f>;

@compute @workgroup_size(32)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let c = id.x + id.y * groups.x * 32u;
  if (c >= params.stride4) { return; }
  // Four running sums: shorter chains of rounding than one, and a fixed order.
  var s0 = vec4f(0.0);
  var s1 = vec4f(0.0);
  var s2 = vec4f(0.0);
  var s3 = vec4f(0.0);
  for (var r = 0u; r < params.m; r += 4u) {
    let at = r * params.stride4 + c;
    s0 += input[at];
    if (r + 1u < params.m) { s1 += input[at + params.stride4]; }
    if (r + 2u < params.m) { s2 += input[at + 2u * params.stride4]; }
    if (r + 3u < params.m) { s3 += input[at + 3u * params.stride4]; }
  }
  out[c] = (s0 + s1) + (s2 + s3);
}
