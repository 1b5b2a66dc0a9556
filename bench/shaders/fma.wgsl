// The arithmetic ceiling: eight independent chains of multiply-adds a thread, eight rounds unrolled (a loop of one
// round measures the loop), in one of four forms: 0 vec4 fma, 1 vec4 * and +, 2 scalar fma, 3 scalar * and +.
override form: u32;
override rounds: u32;
@group(0) @binding(0) var<storage, read_write> out: array<f32>;

fn step4(a: vec4f, m: vec4f, k: vec4f) -> vec4f {
  if (form == 0u) { return fma(a, m, k); }
  return a * m + k;
}

fn step1(a: f32, m: f32, k: f32) -> f32 {
  if (form == 2u) { return fma(a, m, k); }
  return a * m + k;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let s = f32(id.x) * 1e-9;
  if (form < 2u) {
    var a = vec4f(s); var b = vec4f(s + 1.0); var c = vec4f(s + 2.0); var d = vec4f(s + 3.0);
    var e = vec4f(s + 4.0); var f = vec4f(s + 5.0); var g = vec4f(s + 6.0); var h = vec4f(s + 7.0);
    let m = vec4f(0.999);
    let k = vec4f(s + 1e-3);
    for (var i = 0u; i < rounds; i++) {
      a = step4(a, m, k); b = step4(b, m, k); c = step4(c, m, k); d = step4(d, m, k);
      e = step4(e, m, k); f = step4(f, m, k); g = step4(g, m, k); h = step4(h, m, k);
      a = step4(a, m, k); b = step4(b, m, k); c = step4(c, m, k); d = step4(d, m, k);
      e = step4(e, m, k); f = step4(f, m, k); g = step4(g, m, k); h = step4(h, m, k);
      a = step4(a, m, k); b = step4(b, m, k); c = step4(c, m, k); d = step4(d, m, k);
      e = step4(e, m, k); f = step4(f, m, k); g = step4(g, m, k); h = step4(h, m, k);
      a = step4(a, m, k); b = step4(b, m, k); c = step4(c, m, k); d = step4(d, m, k);
      e = step4(e, m, k); f = step4(f, m, k); g = step4(g, m, k); h = step4(h, m, k);
      a = step4(a, m, k); b = step4(b, m, k); c = step4(c, m, k); d = step4(d, m, k);
      e = step4(e, m, k); f = step4(f, m, k); g = step4(g, m, k); h = step4(h, m, k);
      a = step4(a, m, k); b = step4(b, m, k); c = step4(c, m, k); d = step4(d, m, k);
      e = step4(e, m, k); f = step4(f, m, k); g = step4(g, m, k); h = step4(h, m, k);
      a = step4(a, m, k); b = step4(b, m, k); c = step4(c, m, k); d = step4(d, m, k);
      e = step4(e, m, k); f = step4(f, m, k); g = step4(g, m, k); h = step4(h, m, k);
      a = step4(a, m, k); b = step4(b, m, k); c = step4(c, m, k); d = step4(d, m, k);
      e = step4(e, m, k); f = step4(f, m, k); g = step4(g, m, k); h = step4(h, m, k);
    }
    let t = a + b + c + d + e + f + g + h;
    out[id.x] = t.x + t.y + t.z + t.w;
  } else {
    var a = s; var b = s + 1.0; var c = s + 2.0; var d = s + 3.0;
    var e = s + 4.0; var f = s + 5.0; var g = s + 6.0; var h = s + 7.0;
    let m = 0.999;
    let k = s + 1e-3;
    for (var i = 0u; i < rounds; i++) {
      a = step1(a, m, k); b = step1(b, m, k); c = step1(c, m, k); d = step1(d, m, k);
      e = step1(e, m, k); f = step1(f, m, k); g = step1(g, m, k); h = step1(h, m, k);
      a = step1(a, m, k); b = step1(b, m, k); c = step1(c, m, k); d = step1(d, m, k);
      e = step1(e, m, k); f = step1(f, m, k); g = step1(g, m, k); h = step1(h, m, k);
      a = step1(a, m, k); b = step1(b, m, k); c = step1(c, m, k); d = step1(d, m, k);
      e = step1(e, m, k); f = step1(f, m, k); g = step1(g, m, k); h = step1(h, m, k);
      a = step1(a, m, k); b = step1(b, m, k); c = step1(c, m, k); d = step1(d, m, k);
      e = step1(e, m, k); f = step1(f, m, k); g = step1(g, m, k); h = step1(h, m, k);
      a = step1(a, m, k); b = step1(b, m, k); c = step1(c, m, k); d = step1(d, m, k);
      e = step1(e, m, k); f = step1(f, m, k); g = step1(g, m, k); h = step1(h, m, k);
      a = step1(a, m, k); b = step1(b, m, k); c = step1(c, m, k); d = step1(d, m, k);
      e = step1(e, m, k); f = step1(f, m, k); g = step1(g, m, k); h = step1(h, m, k);
      a = step1(a, m, k); b = step1(b, m, k); c = step1(c, m, k); d = step1(d, m, k);
      e = step1(e, m, k); f = step1(f, m, k); g = step1(g, m, k); h = step1(h, m, k);
      a = step1(a, m, k); b = step1(b, m, k); c = step1(c, m, k); d = step1(d, m, k);
      e = step1(e, m, k); f = step1(f, m, k); g = step1(g, m, k); h = step1(h, m, k);
    }
    out[id.x] = a + b + c + d + e + f + g + h;
  }
}
