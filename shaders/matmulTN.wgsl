// out = aT b; twin: src/cpu/matmul.ts
// A register block of 8 rows x 8 columns of `out` a thread, no barriers.
// a: f32[m, k]   b: f32[m, n]   out: f32[k, n]
struct Params {
  m: u32,
  k: u32,
  aStride4: u32,
  bStride4: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<vec4f>;
@group(0) @binding(2) var<storage, read> b: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> out: array<vec4f>;

fn store(row: u32, c: u32, sum: vec4f) {
  if (row >= params.k || c >= params.bStride4) { return; }
  out[row * params.bStride4 + c] = sum;
}

@compute @workgroup_size(8, 8)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let c0 = group.x * 16u + local.x;
  let c1 = c0 + 8u;
  let row = (group.y * 8u + local.y) * 8u;
  if (row >= params.k || c0 >= params.bStride4) { return; }
  var p0 = vec4f(); var p1 = vec4f(); var p2 = vec4f(); var p3 = vec4f();
  var p4 = vec4f(); var p5 = vec4f(); var p6 = vec4f(); var p7 = vec4f();
  var q0 = vec4f(); var q1 = vec4f(); var q2 = vec4f(); var q3 = vec4f();
  var q4 = vec4f(); var q5 = vec4f(); var q6 = vec4f(); var q7 = vec4f();
  var aAt = row / 4u;
  var bAt = c0;
  for (var i = 0u; i < params.m; i++) {
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
  store(row, c0, p0); store(row + 1u, c0, p1); store(row + 2u, c0, p2); store(row + 3u, c0, p3);
  store(row + 4u, c0, p4); store(row + 5u, c0, p5); store(row + 6u, c0, p6); store(row + 7u, c0, p7);
  store(row, c1, q0); store(row + 1u, c1, q1); store(row + 2u, c1, q2); store(row + 3u, c1, q3);
  store(row + 4u, c1, q4); store(row + 5u, c1, q5); store(row + 6u, c1, q6); store(row + 7u, c1, q7);
}
