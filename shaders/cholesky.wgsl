// diagonal block = U, UT U = matrix - panel on one diagonal block; twin: src/cpu/solve.ts
// One workgroup; thread c has column c of the block, which fills workgroup memory to the last byte.
// matrix: f32[n, m]   panel: f32[PANEL, m]   diagonal: f32[n, PANEL]
struct Params {
  first: u32,
  column: u32,
  size: u32,
  stride: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> matrix: array<f32>;
@group(0) @binding(2) var<storage, read> panel: array<f32>;
@group(0) @binding(3) var<storage, read_write> diagonal: array<f32>;
const PANEL = 64u;
var<workgroup> square: array<f32, 4096>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) c: u32) {
  let first = params.first;
  let at = params.column + c;
  for (var r = 0u; r < PANEL; r++) {
    var value = 0.0;
    if (r <= c && c < params.size) {
      value = matrix[(first + r) * params.stride + at] - panel[r * params.stride + at];
    }
    square[r * PANEL + c] = value;
  }
  for (var p = 0u; p < params.size; p++) {
    workgroupBarrier();
    let pivot = square[p * PANEL + p];
    workgroupBarrier();
    var u = 0.0;
    if (pivot > 0.0) { u = select(square[p * PANEL + c] / sqrt(pivot), sqrt(pivot), c == p); }
    if (c >= p) { square[p * PANEL + c] = u; }
    workgroupBarrier();
    for (var r = p + 1u; r <= c; r++) { square[r * PANEL + c] -= square[p * PANEL + r] * u; }
  }
  for (var r = 0u; r < params.size; r++) { diagonal[(first + r) * PANEL + c] = square[r * PANEL + c]; }
}
