// out = activation(a b + bias); twin: src/cpu/matmul.ts
// A register block of 8 rows x 8 columns a thread, no barriers; neighbouring threads take neighbouring vec4 columns.
// a: f32[m, k]   b: f32[k, n]   bias: f32[n]   out: f32[m, n]
// #include "include/activation.wgsl"
// #include "include/mask.wgsl"
struct Params {
  m: u32,
  n: u32,
  k4: u32,
  aStride4: u32,
  bStride4: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<vec4f>;
@group(0) @binding(2) var<storage, read> b: array<vec4f>;
@group(0) @binding(3) var<storage, read> bias: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> out: array<vec4f>;
override activation: u32;

fn store(row: u32, c: u32, z: vec4f) {
  if (row >= params.m || c >= params.bStride4) { return; }
  out[row * params.bStride4 + c] = keepColumns(activate4(z + bias[c], activation), c, params.n);
}

@compute @workgroup_size(8, 8)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let c0 = group.x * 16u + local.x;
  let row = (group.y * 8u + local.y) * 8u;
  if (row >= params.m || c0 >= params.bStride4) { return; }
  var a0 = row * params.aStride4;
  let s = params.aStride4;
  var p0 = vec4f(); var p1 = vec4f(); var p2 = vec4f(); var p3 = vec4f();
  var p4 = vec4f(); var p5 = vec4f(); var p6 = vec4f(); var p7 = vec4f();
  var q0 = vec4f(); var q1 = vec4f(); var q2 = vec4f(); var q3 = vec4f();
  var q4 = vec4f(); var q5 = vec4f(); var q6 = vec4f(); var q7 = vec4f();
  var b0 = c0;
  for (var k = 0u; k < params.k4; k++) {
    let r0 = a[a0]; let r1 = a[a0 + s]; let r2 = a[a0 + 2u * s]; let r3 = a[a0 + 3u * s];
    let r4 = a[a0 + 4u * s]; let r5 = a[a0 + 5u * s]; let r6 = a[a0 + 6u * s]; let r7 = a[a0 + 7u * s];
    a0++;
    for (var i = 0u; i < 4u; i++) {
      let u = b[b0];
      let v = b[b0 + 8u];
      b0 += params.bStride4;
      p0 += r0[i] * u; p1 += r1[i] * u; p2 += r2[i] * u; p3 += r3[i] * u;
      p4 += r4[i] * u; p5 += r5[i] * u; p6 += r6[i] * u; p7 += r7[i] * u;
      q0 += r0[i] * v; q1 += r1[i] * v; q2 += r2[i] * v; q3 += r3[i] * v;
      q4 += r4[i] * v; q5 += r5[i] * v; q6 += r6[i] * v; q7 += r7[i] * v;
    }
  }
  // A loop, not 16 calls: some drivers take seconds to compile 16 copies of tanh.
  var sums = array<vec4f, 16>(p0, p1, p2, p3, p4, p5, p6, p7, q0, q1, q2, q3, q4, q5, q6, q7);
  for (var i = 0u; i < 16u; i++) { store(row + i % 8u, c0 + 8u * (i / 8u), sums[i]); }
}
