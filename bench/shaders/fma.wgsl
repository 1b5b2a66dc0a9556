// The arithmetic ceiling: eight independent chains of multiply-adds a thread, in one of four forms.
override form: u32;
override rounds: u32;
@group(0) @binding(0) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let s = f32(id.x) * 1e-9;
  if (form < 2u) {
    var a = vec4f(s); var b = vec4f(s + 1.0); var c = vec4f(s + 2.0); var d = vec4f(s + 3.0);
    var e = vec4f(s + 4.0); var f = vec4f(s + 5.0); var g = vec4f(s + 6.0); var h = vec4f(s + 7.0);
    let m = vec4f(0.999);
    let k = vec4f(s + 1e-3);
    for (var i = 0u; i < rounds; i++) {
      if (form == 0u) {
        a = fma(a, m, k); b = fma(b, m, k); c = fma(c, m, k); d = fma(d, m, k);
        e = fma(e, m, k); f = fma(f, m, k); g = fma(g, m, k); h = fma(h, m, k);
      } else {
        a = a * m + k; b = b * m + k; c = c * m + k; d = d * m + k;
        e = e * m + k; f = f * m + k; g = g * m + k; h = h * m + k;
      }
    }
    let t = a + b + c + d + e + f + g + h;
    out[id.x] = t.x + t.y + t.z + t.w;
  } else {
    var a = s; var b = s + 1.0; var c = s + 2.0; var d = s + 3.0;
    var e = s + 4.0; var f = s + 5.0; var g = s + 6.0; var h = s + 7.0;
    let m = 0.999;
    let k = s + 1e-3;
    for (var i = 0u; i < rounds; i++) {
      if (form == 2u) {
        a = fma(a, m, k); b = fma(b, m, k); c = fma(c, m, k); d = fma(d, m, k);
        e = fma(e, m, k); f = fma(f, m, k); g = fma(g, m, k); h = fma(h, m, k);
      } else {
        a = a * m + k; b = b * m + k; c = c * m + k; d = d * m + k;
        e = e * m + k; f = f * m + k; g = g * m + k; h = h * m + k;
      }
    }
    out[id.x] = a + b + c + d + e + f + g + h;
  }
}
