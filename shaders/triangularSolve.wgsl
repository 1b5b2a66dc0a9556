// rows of out = X, UT X = out - panel, U a block of diagonal; twin: src/cpu/solve.ts
// A thread has a vec4 column; it reads back only what it wrote itself.
// diagonal: f32[n, PANEL]   panel: f32[PANEL, m]   out: f32[n, m]
struct Params {
  first: u32,
  size: u32,
  stride4: u32,
  firstColumn4: u32,
  endColumn4: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> diagonal: array<f32>;
@group(0) @binding(2) var<storage, read> panel: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> out: array<vec4f>;
const PANEL = 64u;

@compute @workgroup_size(32)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let c = params.firstColumn4 + id.x;
  if (c >= params.endColumn4) { return; }
  let at = params.first * params.stride4 + c;
  let start = params.first * PANEL;
  for (var r = 0u; r < params.size; r++) {
    var sum = out[at + r * params.stride4] - panel[r * params.stride4 + c];
    for (var p = 0u; p < r; p++) { sum -= diagonal[start + p * PANEL + r] * out[at + p * params.stride4]; }
    let pivot = diagonal[start + r * PANEL + r];
    var x = vec4f(0.0);
    if (pivot > 0.0) { x = sum / pivot; }
    out[at + r * params.stride4] = x;
  }
}
