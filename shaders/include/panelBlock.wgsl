// 8 rows x 4 columns of products a thread, no barriers: for adapters that run on a CPU, where loads cost most.
// A thread keeps the terms of its four columns in private memory, which reads faster than a buffer, and goes with
// them through many rows. Of the rows' terms each thread loads an eighth, and `spread` hands it to the others
// (src/gpu/spread.ts).
const mostTerms = 64u;
var<private> panel: array<vec4f, mostTerms>;
alias Sums = array<vec4f, 8>;

// Terms first .. first + count of b: f32[terms, columns], a vec4 each, and zeros up to a multiple of four; their sum.
fn keepTerms(c: u32, first: u32, count: u32) -> vec4f {
  let column = min(c, params.bStride4 - 1u);
  var total = vec4f(0.0);
  for (var i = 0u; i < ((count + 3u) & ~3u); i++) {
    var four = vec4f(0.0);
    if (i < count) { four = b[(first + i) * params.bStride4 + column]; }
    panel[i] = four;
    total += four;
  }
  return total;
}

// The same of b: f32[columns, terms], four terms of one column after the other's; first is a multiple of four.
fn keepTurnedTerms(c: u32, first: u32, count: u32, columns: u32) {
  for (var i = 0u; i < ((count + 3u) & ~3u); i++) {
    let column = 4u * c + i % 4u;
    var four = vec4f(0.0);
    if (column < columns) { four = b[column * params.bStride4 + first / 4u + i / 4u]; }
    panel[i] = four;
  }
}

// Terms i .. i + 3 of what is kept.
fn keptTerms(i: u32, turned: bool) -> mat4x4f {
  let q0 = panel[i];
  let q1 = panel[i + 1u];
  let q2 = panel[i + 2u];
  let q3 = panel[i + 3u];
  if (!turned) { return mat4x4f(q0, q1, q2, q3); }
  return mat4x4f(
    vec4f(q0.x, q1.x, q2.x, q3.x), vec4f(q0.y, q1.y, q2.y, q3.y),
    vec4f(q0.z, q1.z, q2.z, q3.z), vec4f(q0.w, q1.w, q2.w, q3.w));
}

// Rows row .. row + 7 of a: f32[rows, terms] times what is kept.
fn productsOfRows(row: u32, first: u32, count: u32, t: u32, turned: bool) -> Sums {
  var p0 = vec4f(); var p1 = vec4f(); var p2 = vec4f(); var p3 = vec4f();
  var p4 = vec4f(); var p5 = vec4f(); var p6 = vec4f(); var p7 = vec4f();
  let s = params.aStride4;
  let start = row * s + first / 4u;
  let own = start + t * s;
  for (var i = 0u; i < count; i += 4u) {
    let at = start + i / 4u;
    let terms = keptTerms(i, turned);
    let u = terms[0];
    let v = terms[1];
    let w = terms[2];
    let x = terms[3];
    let mine = a[own + i / 4u];
    let r0 = spread(mine, 0u, at);
    p0 += r0.x * u; p0 += r0.y * v; p0 += r0.z * w; p0 += r0.w * x;
    let r1 = spread(mine, 1u, at + s);
    p1 += r1.x * u; p1 += r1.y * v; p1 += r1.z * w; p1 += r1.w * x;
    let r2 = spread(mine, 2u, at + 2u * s);
    p2 += r2.x * u; p2 += r2.y * v; p2 += r2.z * w; p2 += r2.w * x;
    let r3 = spread(mine, 3u, at + 3u * s);
    p3 += r3.x * u; p3 += r3.y * v; p3 += r3.z * w; p3 += r3.w * x;
    let r4 = spread(mine, 4u, at + 4u * s);
    p4 += r4.x * u; p4 += r4.y * v; p4 += r4.z * w; p4 += r4.w * x;
    let r5 = spread(mine, 5u, at + 5u * s);
    p5 += r5.x * u; p5 += r5.y * v; p5 += r5.z * w; p5 += r5.w * x;
    let r6 = spread(mine, 6u, at + 6u * s);
    p6 += r6.x * u; p6 += r6.y * v; p6 += r6.z * w; p6 += r6.w * x;
    let r7 = spread(mine, 7u, at + 7u * s);
    p7 += r7.x * u; p7 += r7.y * v; p7 += r7.z * w; p7 += r7.w * x;
  }
  return Sums(p0, p1, p2, p3, p4, p5, p6, p7);
}

// The same of a: f32[terms, rows], with the first row as a vec4 column; what lies behind the last term may be anything.
fn productsOfColumns(row4: u32, first: u32, count: u32, t: u32) -> Sums {
  var p0 = vec4f(); var p1 = vec4f(); var p2 = vec4f(); var p3 = vec4f();
  var p4 = vec4f(); var p5 = vec4f(); var p6 = vec4f(); var p7 = vec4f();
  let s = params.aStride4;
  let last = first + count - 1u;
  for (var i = 0u; i < count; i += 4u) {
    let at = (first + i) * s + row4;
    let mine = a[min(first + i + t / 2u, last) * s + row4 + t % 2u];
    let u = panel[i];
    let lower0 = spread(mine, 0u, at);
    let upper0 = spread(mine, 1u, at + 1u);
    p0 += lower0.x * u; p1 += lower0.y * u; p2 += lower0.z * u; p3 += lower0.w * u;
    p4 += upper0.x * u; p5 += upper0.y * u; p6 += upper0.z * u; p7 += upper0.w * u;
    let v = panel[i + 1u];
    let lower1 = spread(mine, 2u, at + s);
    let upper1 = spread(mine, 3u, at + s + 1u);
    p0 += lower1.x * v; p1 += lower1.y * v; p2 += lower1.z * v; p3 += lower1.w * v;
    p4 += upper1.x * v; p5 += upper1.y * v; p6 += upper1.z * v; p7 += upper1.w * v;
    let w = panel[i + 2u];
    let lower2 = spread(mine, 4u, at + 2u * s);
    let upper2 = spread(mine, 5u, at + 2u * s + 1u);
    p0 += lower2.x * w; p1 += lower2.y * w; p2 += lower2.z * w; p3 += lower2.w * w;
    p4 += upper2.x * w; p5 += upper2.y * w; p6 += upper2.z * w; p7 += upper2.w * w;
    let x = panel[i + 3u];
    let lower3 = spread(mine, 6u, at + 3u * s);
    let upper3 = spread(mine, 7u, at + 3u * s + 1u);
    p0 += lower3.x * x; p1 += lower3.y * x; p2 += lower3.z * x; p3 += lower3.w * x;
    p4 += upper3.x * x; p5 += upper3.y * x; p6 += upper3.z * x; p7 += upper3.w * x;
  }
  return Sums(p0, p1, p2, p3, p4, p5, p6, p7);
}
