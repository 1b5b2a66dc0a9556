// out = inputT; twin: src/cpu/matmul.ts
// A thread turns a block of 4 x 4 numbers. Columns of out beyond the last row of input become zero: they are padding, and
// what lies behind a slice is not.
// input: f32[m, n]   out: f32[n, m]
struct Params {
  m: u32,
  outRows4: u32,
  inputStride4: u32,
  outStride4: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> out: array<vec4f>;

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.outRows4 || id.y >= params.outStride4) { return; }
  let s = params.inputStride4;
  let t = params.outStride4;
  let readAt = 4u * id.y * s + id.x;
  var rows = mat4x4f();
  for (var i = 0u; i < 4u; i++) {
    if (4u * id.y + i < params.m) { rows[i] = input[readAt + i * s]; }
  }
  rows = transpose(rows);
  let writeAt = 4u * id.x * t + id.y;
  out[writeAt] = rows[0];
  out[writeAt + t] = rows[1];
  out[writeAt + 2u * t] = rows[2];
  out[writeAt + 3u * t] = rows[3];
}
