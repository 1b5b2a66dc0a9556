// outDot[r, f] = sum over the row's entries (k, o): logitGrad[k] others[o, f], outSum[r, h] = sum sumGrad[k, h];
// twin: src/cpu/pair.ts
// A gather, no atomics, the same bytes in every run. A thread has four columns of a row of one of the two outputs.
// starts: u32[any]   entries: vec2u[any] (pair, its row in the other table)   logitGrad: f32[capacity, 1]
// sumGrad: f32[capacity, hidden]   others: f32[any, factors]   outDot: f32[rows, factors]   outSum: f32[rows, hidden]
struct Params {
  firstStart: u32,
  rows: u32,
  factors4: u32,
  hidden4: u32,
  logitStride: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> starts: array<u32>;
@group(0) @binding(2) var<storage, read> entries: array<vec2u>;
@group(0) @binding(3) var<storage, read> logitGrad: array<f32>;
@group(0) @binding(4) var<storage, read> sumGrad: array<vec4f>;
@group(0) @binding(5) var<storage, read> others: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> outDot: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> outSum: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = id.x + id.y * groups.x * 64u;
  let columns4 = params.factors4 + params.hidden4;
  let row = at / columns4;
  if (row >= params.rows) { return; }
  let c = at % columns4;
  let begin = starts[params.firstStart + row];
  let end = starts[params.firstStart + row + 1u];
  var sum = vec4f(0.0);
  if (c < params.factors4) {
    for (var e = begin; e < end; e++) {
      let entry = entries[e];
      sum += logitGrad[entry.x * params.logitStride] * others[entry.y * params.factors4 + c];
    }
    outDot[row * params.factors4 + c] = sum;
  } else {
    let h = c - params.factors4;
    for (var e = begin; e < end; e++) { sum += sumGrad[entries[e].x * params.hidden4 + h]; }
    outSum[row * params.hidden4 + h] = sum;
  }
}
