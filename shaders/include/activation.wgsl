// Activations of four values and their derivatives; twin: src/cpu/activation.ts.
// Arguments of exp and tanh are clamped where f32 has long reached the limit: no infinities arise.
const LINEAR = 0u;
const RELU = 1u;
const TANH = 2u;
const SIGMOID = 3u;
const GELU = 4u;

fn sigmoid4(z: vec4f) -> vec4f {
  return 1.0 / (1.0 + exp(-clamp(z, vec4f(-80.0), vec4f(80.0))));
}

fn tanh4(z: vec4f) -> vec4f {
  return tanh(clamp(z, vec4f(-10.0), vec4f(10.0)));
}

// sqrt(2 / pi)
const GELU_SCALE = 0.7978845608;

fn activate4(z: vec4f, kind: u32) -> vec4f {
  if (kind == RELU) { return max(z, vec4f(0.0)); }
  if (kind == TANH) { return tanh4(z); }
  if (kind == SIGMOID) { return sigmoid4(z); }
  if (kind == GELU) { return 0.5 * z * (1.0 + tanh4(GELU_SCALE * (z + 0.044715 * z * z * z))); }
  return z;
}

// `saved` is the output of the activation, for gelu its input.
fn derivative4(saved: vec4f, kind: u32) -> vec4f {
  if (kind == RELU) { return select(vec4f(0.0), vec4f(1.0), saved > vec4f(0.0)); }
  if (kind == TANH) { return 1.0 - saved * saved; }
  if (kind == SIGMOID) { return saved * (1.0 - saved); }
  if (kind == GELU) {
    let t = tanh4(GELU_SCALE * (saved + 0.044715 * saved * saved * saved));
    let inner = GELU_SCALE * (1.0 + 0.134145 * saved * saved);
    return 0.5 * (1.0 + t) + 0.5 * saved * (1.0 - t * t) * inner;
  }
  return vec4f(1.0);
}
