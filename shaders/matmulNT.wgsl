// out = partial sums of a bT; twin: src/cpu/matmul.ts
// Reads b transposed (the launch runs `transpose` first), which makes it the product of matmulNN: rows of b
// that are read as columns cost more than the copy. Part s sums over the s-th slice of k.
// a: f32[m, k]   b: f32[k, n]   out: f32[splits * m, n]
struct Params {
  m: u32,
  k: u32,
  aStride: u32,
  bStride4: u32,
  splits: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> out: array<vec4f>;

fn store(part: u32, row: u32, c: u32, sum: vec4f) {
  if (row >= params.m || c >= params.bStride4) { return; }
  out[(part * params.m + row) * params.bStride4 + c] = sum;
}

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let c0 = group.x * 16u + local.x;
  let row = group.y * 8u;
  let part = group.z;
  if (c0 >= params.bStride4) { return; }
  let slice = (params.k + params.splits - 1u) / params.splits;
  let end = min(params.k, (part + 1u) * slice);
  var p0 = vec4f(); var p1 = vec4f(); var p2 = vec4f(); var p3 = vec4f();
  var p4 = vec4f(); var p5 = vec4f(); var p6 = vec4f(); var p7 = vec4f();
  var q0 = vec4f(); var q1 = vec4f(); var q2 = vec4f(); var q3 = vec4f();
  var q4 = vec4f(); var q5 = vec4f(); var q6 = vec4f(); var q7 = vec4f();
  let s = params.aStride;
  let aAt = row * s;
  for (var k = part * slice; k < end; k++) {
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
  for (var i = 0u; i < 16u; i++) { store(part, row + i % 8u, c0 + 8u * (i / 8u), sums[i]); }
}
