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
  aStride: u32,
  bStride4: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<vec4f>;
@group(0) @binding(3) var<storage, read> bias: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> out: array<vec4f>;
override activation: u32;

fn store(row: u32, c: u32, z: vec4f) {
  if (row >= params.m || c >= params.bStride4) { return; }
  out[row * params.bStride4 + c] = keepColumns(activate4(z + bias[c], activation), c, params.n);
}

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let c0 = group.x * 16u + local.x;
  let row = group.y * 8u;
  if (c0 >= params.bStride4) { return; }
  var p0 = vec4f(); var p1 = vec4f(); var p2 = vec4f(); var p3 = vec4f();
  var p4 = vec4f(); var p5 = vec4f(); var p6 = vec4f(); var p7 = vec4f();
  var q0 = vec4f(); var q1 = vec4f(); var q2 = vec4f(); var q3 = vec4f();
  var q4 = vec4f(); var q5 = vec4f(); var q6 = vec4f(); var q7 = vec4f();
  let s = params.aStride;
  let aAt = row * s;
  for (var k = 0u; k < params.k; k++) {
    let at = aAt + k;
    let u = b[k * params.bStride4 + c0];
    let v = b[k * params.bStride4 + c0 + 8u];
    let r0 = a[at]; let r1 = a[at + s]; let r2 = a[at + 2u * s]; let r3 = a[at + 3u * s];
    let r4 = a[at + 4u * s]; let r5 = a[at + 5u * s]; let r6 = a[at + 6u * s]; let r7 = a[at + 7u * s];
    p0 += r0 * u; p1 += r1 * u; p2 += r2 * u; p3 += r3 * u;
    p4 += r4 * u; p5 += r5 * u; p6 += r6 * u; p7 += r7 * u;
    q0 += r0 * v; q1 += r1 * v; q2 += r2 * v; q3 += r3 * v;
    q4 += r4 * v; q5 += r5 * v; q6 += r6 * v; q7 += r7 * v;
  }
  // A loop, not 16 calls: some drivers take seconds to compile 16 copies of it.
  var sums = array<vec4f, 16>(p0, p1, p2, p3, p4, p5, p6, p7, q0, q1, q2, q3, q4, q5, q6, q7);
  for (var i = 0u; i < 16u; i++) { store(row + i % 8u, c0 + 8u * (i / 8u), sums[i]); }
}
