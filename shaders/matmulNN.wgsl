// out = activation(a b + bias); twin: src/cpu/matmul.ts
// A register block of 8 rows x 8 columns a thread, no barriers. The 8 threads of a workgroup take neighbouring
// vec4 columns of the same rows, so that drivers see that `a` is read at one address for all of them.
// a: f32[m, k]   b: f32[k, n]   bias: f32[n]   out: f32[m, n]
// #include "include/activation.wgsl"
// #include "include/mask.wgsl"
struct Params {
  m: u32,
  n: u32,
  k: u32,
  aStride4: u32,
  bStride4: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<vec4f>;
@group(0) @binding(2) var<storage, read> b: array<vec4f>;
@group(0) @binding(3) var<storage, read> bias: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> out: array<vec4f>;
override activation: u32;


@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let c0 = group.x * 16u + local.x;
  let row = group.y * 8u;
  if (c0 >= params.bStride4) { return; }
  var p0 = vec4f(); var p1 = vec4f(); var p2 = vec4f(); var p3 = vec4f();
  var p4 = vec4f(); var p5 = vec4f(); var p6 = vec4f(); var p7 = vec4f();
  var q0 = vec4f(); var q1 = vec4f(); var q2 = vec4f(); var q3 = vec4f();
  var q4 = vec4f(); var q5 = vec4f(); var q6 = vec4f(); var q7 = vec4f();
  var aAt = row / 4u;
  var bAt = c0;
  for (var i = 0u; i < params.k; i++) {
    let r = a[aAt];
    let t = a[aAt + 1u];
    let u = b[bAt];
    let v = b[bAt + 8u];
    aAt += params.aStride4;
    bAt += params.bStride4;
    p0 += r.x * u; p1 += r.y * u; p2 += r.z * u; p3 += r.w * u;
    p4 += t.x * u; p5 += t.y * u; p6 += t.z * u; p7 += t.w * u;
    q0 += r.x * v; q1 += r.y * v; q2 += r.z * v; q3 += r.w * v;
    q4 += t.x * v; q5 += t.y * v; q6 += t.z * v; q7 += t.w * v;
  }
  // A loop, not 16 copies: some drivers take seconds to compile 16 copies of tanh.
  var lower = array<vec4f, 8>(p0, p1, p2, p3, p4, p5, p6, p7);
  var upper = array<vec4f, 8>(q0, q1, q2, q3, q4, q5, q6, q7);
  let c1 = c0 + 8u;
  let hasUpper = c1 < params.bStride4;
  let lowerBias = bias[c0];
  let upperBias = bias[c1];
  for (var i = 0u; i < min(8u, params.m - row); i++) {
    let at = (row + i) * params.bStride4;
    out[at + c0] = keepColumns(activate4(lower[i] + lowerBias, activation), c0, params.n);
    if (hasUpper) { out[at + c1] = keepColumns(activate4(upper[i] + upperBias, activation), c1, params.n); }
  }
}
