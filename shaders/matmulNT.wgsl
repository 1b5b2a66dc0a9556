// out = partial sums of a bT; twin: src/cpu/matmul.ts
// A register block of 8 x 8 dot products a thread, no barriers. Neighbouring threads take neighbouring
// vec4 of k (part s sums over every splits-th one), so that all loads are coalesced.
// a: f32[m, k]   b: f32[n, k]   out: f32[splits * m, n]
struct Params {
  m: u32,
  n: u32,
  k4: u32,
  stride4: u32,
  outStride: u32,
  splits: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<vec4f>;
@group(0) @binding(2) var<storage, read> b: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> out: array<vec4f>;

fn store(part: u32, row: u32, column: u32, lower: vec4f, upper: vec4f) {
  if (row >= params.m) { return; }
  let at = ((part * params.m + row) * params.outStride + column) / 4u;
  out[at] = lower;
  out[at + 1u] = upper;
}

@compute @workgroup_size(8, 8)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let part = group.x * 8u + local.x;
  let column = group.y * 8u;
  let row = (group.z * 8u + local.y) * 8u;
  if (part >= params.splits || row >= params.m) { return; }
  let s = params.stride4;
  var p0 = vec4f(); var p1 = vec4f(); var p2 = vec4f(); var p3 = vec4f();
  var p4 = vec4f(); var p5 = vec4f(); var p6 = vec4f(); var p7 = vec4f();
  var q0 = vec4f(); var q1 = vec4f(); var q2 = vec4f(); var q3 = vec4f();
  var q4 = vec4f(); var q5 = vec4f(); var q6 = vec4f(); var q7 = vec4f();
  for (var k = part; k < params.k4; k += params.splits) {
    let bAt = column * s + k;
    let b0 = b[bAt]; let b1 = b[bAt + s]; let b2 = b[bAt + 2u * s]; let b3 = b[bAt + 3u * s];
    let b4 = b[bAt + 4u * s]; let b5 = b[bAt + 5u * s]; let b6 = b[bAt + 6u * s]; let b7 = b[bAt + 7u * s];
    let aAt = row * s + k;
    let r0 = a[aAt];
    p0 += vec4f(dot(r0, b0), dot(r0, b1), dot(r0, b2), dot(r0, b3));
    q0 += vec4f(dot(r0, b4), dot(r0, b5), dot(r0, b6), dot(r0, b7));
    let r1 = a[aAt + s];
    p1 += vec4f(dot(r1, b0), dot(r1, b1), dot(r1, b2), dot(r1, b3));
    q1 += vec4f(dot(r1, b4), dot(r1, b5), dot(r1, b6), dot(r1, b7));
    let r2 = a[aAt + 2u * s];
    p2 += vec4f(dot(r2, b0), dot(r2, b1), dot(r2, b2), dot(r2, b3));
    q2 += vec4f(dot(r2, b4), dot(r2, b5), dot(r2, b6), dot(r2, b7));
    let r3 = a[aAt + 3u * s];
    p3 += vec4f(dot(r3, b0), dot(r3, b1), dot(r3, b2), dot(r3, b3));
    q3 += vec4f(dot(r3, b4), dot(r3, b5), dot(r3, b6), dot(r3, b7));
    let r4 = a[aAt + 4u * s];
    p4 += vec4f(dot(r4, b0), dot(r4, b1), dot(r4, b2), dot(r4, b3));
    q4 += vec4f(dot(r4, b4), dot(r4, b5), dot(r4, b6), dot(r4, b7));
    let r5 = a[aAt + 5u * s];
    p5 += vec4f(dot(r5, b0), dot(r5, b1), dot(r5, b2), dot(r5, b3));
    q5 += vec4f(dot(r5, b4), dot(r5, b5), dot(r5, b6), dot(r5, b7));
    let r6 = a[aAt + 6u * s];
    p6 += vec4f(dot(r6, b0), dot(r6, b1), dot(r6, b2), dot(r6, b3));
    q6 += vec4f(dot(r6, b4), dot(r6, b5), dot(r6, b6), dot(r6, b7));
    let r7 = a[aAt + 7u * s];
    p7 += vec4f(dot(r7, b0), dot(r7, b1), dot(r7, b2), dot(r7, b3));
    q7 += vec4f(dot(r7, b4), dot(r7, b5), dot(r7, b6), dot(r7, b7));
  }
  store(part, row, column, p0, q0); store(part, row + 1u, column, p1, q1);
  store(part, row + 2u, column, p2, q2); store(part, row + 3u, column, p3, q3);
  store(part, row + 4u, column, p4, q4); store(part, row + 5u, column, p5, q5);
  store(part, row + 6u, column, p6, q6); store(part, row + 7u, column, p7, q7);
}
