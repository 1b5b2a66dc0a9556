// rows of out = scale I - a b, a symmetric, with eleven more bits than f32; twin: src/cpu/solve.ts
// Every number is cut into a high half of 12 bits and the rest, so that products of halves are exact. High products are
// added with their rounding errors kept (Knuth's two-sum). `nothing` is 0, which compilers cannot know: it keeps
// those that rearrange sums from proving that the rounding errors are zero.
// a: f32[n, k]   b: f32[n, m]   out: f32[n, m]
// #include "include/mask.wgsl"
struct Params {
  first4: u32,
  aFirst4: u32,
  bFirst: u32,
  end: u32,
  n: u32,
  m: u32,
  aStride4: u32,
  stride4: u32,
  scale: f32,
  nothing: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<vec4f>;
@group(0) @binding(2) var<storage, read> b: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> out: array<vec4f>;

fn held(x: vec4f) -> vec4f { return bitcast<vec4f>(bitcast<vec4u>(x) ^ vec4u(params.nothing)); }
fn high(x: vec4f) -> vec4f { return bitcast<vec4f>(bitcast<vec4u>(x) & vec4u(0xfffff000u)); }

struct Sum { high: vec4f, low: vec4f }

// sum + x, exact but for the last bits of `low`.
fn added(sum: Sum, x: vec4f) -> Sum {
  let total = held(sum.high + x);
  let back = held(total - sum.high);
  let rest = held(sum.high - held(total - back)) + held(x - back);
  return Sum(total, sum.low + rest);
}

fn less(sum: Sum, l: f32, lLow: f32, r: vec4f, rLow: vec4f) -> Sum {
  let next = added(sum, held(-l * r));
  return Sum(next.high, next.low - (l * rLow + lLow * r + lLow * rLow));
}

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let c = id.x;
  let row4 = params.first4 + id.y;
  if (c >= params.stride4 || 4u * row4 >= params.end) { return; }
  var s0 = Sum(); var s1 = Sum(); var s2 = Sum(); var s3 = Sum();
  let column = params.bFirst + 4u * c + vec4u(0u, 1u, 2u, 3u);
  let aColumn4 = row4 - params.aFirst4;
  s0.high = select(vec4f(0.0), vec4f(params.scale), column == vec4u(4u * row4));
  s1.high = select(vec4f(0.0), vec4f(params.scale), column == vec4u(4u * row4 + 1u));
  s2.high = select(vec4f(0.0), vec4f(params.scale), column == vec4u(4u * row4 + 2u));
  s3.high = select(vec4f(0.0), vec4f(params.scale), column == vec4u(4u * row4 + 3u));
  for (var t = 0u; t < params.n; t++) {
    let l = a[t * params.aStride4 + aColumn4];
    let r = b[t * params.stride4 + c];
    let lHigh = high(l);
    let rHigh = high(r);
    let lLow = l - lHigh;
    let rLow = r - rHigh;
    s0 = less(s0, lHigh.x, lLow.x, rHigh, rLow);
    s1 = less(s1, lHigh.y, lLow.y, rHigh, rLow);
    s2 = less(s2, lHigh.z, lLow.z, rHigh, rLow);
    s3 = less(s3, lHigh.w, lLow.w, rHigh, rLow);
  }
  store(4u * row4, c, s0);
  store(4u * row4 + 1u, c, s1);
  store(4u * row4 + 2u, c, s2);
  store(4u * row4 + 3u, c, s3);
}

fn store(row: u32, c: u32, sum: Sum) {
  if (row < params.end) { out[row * params.stride4 + c] = keepColumns(sum.high + sum.low, c, params.m); }
}
