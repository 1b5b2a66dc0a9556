// 8 x 8 sums of products in registers, no barriers: for adapters that run on a CPU, where loads cost most.
// Reads the module's a: f32[k, m] and b: f32[k, n] by rows. A thread has the vec4 columns c and c + 8, so that the
// 8 threads of a workgroup read neighbours.
struct Block {
  lower: array<vec4f, 8>,
  upper: array<vec4f, 8>,
}

fn registerBlock(row: u32, c: u32, begin: u32, end: u32) -> Block {
  var p0 = vec4f(); var p1 = vec4f(); var p2 = vec4f(); var p3 = vec4f();
  var p4 = vec4f(); var p5 = vec4f(); var p6 = vec4f(); var p7 = vec4f();
  var q0 = vec4f(); var q1 = vec4f(); var q2 = vec4f(); var q3 = vec4f();
  var q4 = vec4f(); var q5 = vec4f(); var q6 = vec4f(); var q7 = vec4f();
  var aAt = begin * params.aStride4 + row / 4u;
  var bAt = begin * params.bStride4 + c;
  // What a narrow b lacks must not be read: it may lie beyond the buffer. Nobody stores its products.
  let second = select(0u, 8u, c + 8u < params.bStride4);
  for (var i = begin; i < end; i++) {
    let r = a[aAt];
    let t = a[aAt + 1u];
    let u = b[bAt];
    let v = b[bAt + second];
    aAt += params.aStride4;
    bAt += params.bStride4;
    p0 += r.x * u; p1 += r.y * u; p2 += r.z * u; p3 += r.w * u;
    p4 += t.x * u; p5 += t.y * u; p6 += t.z * u; p7 += t.w * u;
    q0 += r.x * v; q1 += r.y * v; q2 += r.z * v; q3 += r.w * v;
    q4 += t.x * v; q5 += t.y * v; q6 += t.z * v; q7 += t.w * v;
  }
  return Block(
    array<vec4f, 8>(p0, p1, p2, p3, p4, p5, p6, p7), array<vec4f, 8>(q0, q1, q2, q3, q4, q5, q6, q7));
}
