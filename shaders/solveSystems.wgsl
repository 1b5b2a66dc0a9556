// solutions_b = systems_b^-1 rhs_b by Cholesky's factorisation UT U, which overwrites the upper triangle; twin: src/cpu/systems.ts
// One workgroup a system. Four rows of U at a time: a thread takes all that stands above off its vec4 columns (the
// right-hand side is one more column) and divides by the diagonal block, which every thread finds for itself, so that
// the threads wait for each other once in four rows.
// systems: f32[batch * d, d]   rhs: f32[batch, d]   solutions: f32[batch, d]
struct Params {
  count: u32,
  unknowns: u32,
  stride4: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> systems: array<vec4f>;
@group(0) @binding(2) var<storage, read> rhs: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> solutions: array<vec4f>;
override lanes: u32;
var<workgroup> z: array<vec4f, 256>;

// Rows of U on the diagonal, and what to multiply by instead of dividing by its diagonal; 0 where that is not positive.
struct Diagonal {
  u0: vec4f,
  u1: vec4f,
  u2: vec4f,
  inverse: vec4f,
}

fn inverseRoot(pivot: f32) -> f32 { return select(0.0, 1.0 / sqrt(pivot), pivot > 0.0); }

// Of the symmetric block with the rows s, of which the upper triangle counts.
fn factored(s: mat4x4f) -> Diagonal {
  var d: Diagonal;
  d.inverse.x = inverseRoot(s[0].x);
  d.u0 = s[0] * d.inverse.x;
  let s1 = s[1] - d.u0.y * d.u0;
  d.inverse.y = inverseRoot(s1.y);
  d.u1 = s1 * d.inverse.y;
  let s2 = s[2] - d.u0.z * d.u0 - d.u1.z * d.u1;
  d.inverse.z = inverseRoot(s2.z);
  d.u2 = s2 * d.inverse.z;
  let s3 = s[3] - d.u0.w * d.u0 - d.u1.w * d.u1 - d.u2.w * d.u2;
  d.inverse.w = inverseRoot(s3.w);
  return d;
}

fn last(d: Diagonal, s: mat4x4f) -> f32 {
  return (s[3].w - d.u0.w * d.u0.w - d.u1.w * d.u1.w - d.u2.w * d.u2.w) * d.inverse.w;
}

// The rows of UT^-1 s.
fn divided(d: Diagonal, s: mat4x4f) -> mat4x4f {
  let x0 = s[0] * d.inverse.x;
  let x1 = (s[1] - d.u0.y * x0) * d.inverse.y;
  let x2 = (s[2] - d.u0.z * x0 - d.u1.z * x1) * d.inverse.z;
  let x3 = (s[3] - d.u0.w * x0 - d.u1.w * x1 - d.u2.w * x2) * d.inverse.w;
  return mat4x4f(x0, x1, x2, x3);
}

@compute @workgroup_size(lanes)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) t: u32) {
  let b = group.x;
  let n = params.unknowns;
  let n4 = (n + 3u) / 4u;
  let stride4 = params.stride4;
  if (b >= params.count) {
    for (var c = t; c < stride4; c += lanes) { solutions[b * stride4 + c] = vec4f(0.0); }
    return;
  }
  let start = b * n * stride4;

  for (var p = 0u; p < n4; p++) {
    // Rows beyond the last are rows of zeros: their pivots are 0, and so are their unknowns.
    let size = min(4u, n - 4u * p);
    var s = mat4x4f();
    for (var r = 0u; r < size; r++) { s[r] = systems[start + (4u * p + r) * stride4 + p]; }
    for (var q = 0u; q < 4u * p; q++) {
      let u = systems[start + q * stride4 + p];
      for (var r = 0u; r < 4u; r++) { s[r] -= u[r] * u; }
    }
    let d = factored(s);
    for (var c = p + 1u + t; c < n4; c += lanes) {
      var above = mat4x4f();
      for (var r = 0u; r < size; r++) { above[r] = systems[start + (4u * p + r) * stride4 + c]; }
      for (var q = 0u; q < 4u * p; q++) {
        let u = systems[start + q * stride4 + p];
        let x = systems[start + q * stride4 + c];
        for (var r = 0u; r < 4u; r++) { above[r] -= u[r] * x; }
      }
      let x = divided(d, above);
      for (var r = 0u; r < size; r++) { systems[start + (4u * p + r) * stride4 + c] = x[r]; }
    }
    if (t == lanes - 1u) {
      var right = rhs[b * stride4 + p];
      for (var q = 0u; q < 4u * p; q++) { right -= systems[start + q * stride4 + p] * z[q / 4u][q % 4u]; }
      let x0 = right.x * d.inverse.x;
      let x1 = (right.y - d.u0.y * x0) * d.inverse.y;
      let x2 = (right.z - d.u0.z * x0 - d.u1.z * x1) * d.inverse.z;
      let x3 = (right.w - d.u0.w * x0 - d.u1.w * x1 - d.u2.w * x2) * d.inverse.w;
      z[p] = vec4f(x0, x1, x2, x3);
    }
    storageBarrier();
    workgroupBarrier();
    // Nobody reads the block on the diagonal until all rows are done.
    if (t == 0u) {
      let at = start + 4u * p * stride4 + p;
      systems[at] = d.u0;
      if (size > 1u) { systems[at + stride4] = vec4f(0.0, d.u1.yzw); }
      if (size > 2u) { systems[at + 2u * stride4] = vec4f(0.0, 0.0, d.u2.zw); }
      if (size > 3u) { systems[at + 3u * stride4] = vec4f(0.0, 0.0, 0.0, last(d, s)); }
    }
  }
  storageBarrier();
  workgroupBarrier();

  // U x = z from below: what is known is taken off all that stands above.
  for (var p = n4; p > 0u; p--) {
    let low = p - 1u;
    let size = min(4u, n - 4u * low);
    var u = mat4x4f();
    for (var r = 0u; r < size; r++) { u[r] = systems[start + (4u * low + r) * stride4 + low]; }
    let right = z[low];
    var x = vec4f(0.0);
    if (u[3].w > 0.0) { x.w = right.w / u[3].w; }
    if (u[2].z > 0.0) { x.z = (right.z - u[2].w * x.w) / u[2].z; }
    if (u[1].y > 0.0) { x.y = (right.y - u[1].z * x.z - u[1].w * x.w) / u[1].y; }
    if (u[0].x > 0.0) { x.x = (right.x - u[0].y * x.y - u[0].z * x.z - u[0].w * x.w) / u[0].x; }
    for (var c = t; c < low; c += lanes) {
      var off = vec4f(0.0);
      for (var r = 0u; r < 4u; r++) { off[r] = dot(systems[start + (4u * c + r) * stride4 + low], x); }
      z[c] -= off;
    }
    if (t == 0u) { solutions[b * stride4 + low] = x; }
    workgroupBarrier();
  }
}
