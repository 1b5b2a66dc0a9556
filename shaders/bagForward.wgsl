// out[b, h] = activation(sum over entries e of row b: x_e weights[item_e, h] + bias[h]); twin: src/cpu/bag.ts
// One workgroup a row of the batch and 128 columns; a thread owns four vec4 of them, so that an entry is read
// and its drop decided once for sixteen columns.
// inputIndptr: u32[users + 1]   inputIndices: u32[nnz]   inputValues: f32[nnz] or f32[1]   rows: u32[any]
// weights: f32[items, hidden]   bias: f32[hidden]   out: f32[batch, hidden]
// #include "include/random.wgsl"
// #include "include/activation.wgsl"
// #include "include/mask.wgsl"
struct Params {
  first: u32,
  count: u32,
  hidden: u32,
  stride4: u32,
  valueStep: u32,
  dropKey: u32,
  dropThreshold: u32,
  keepScale: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> inputIndptr: array<u32>;
@group(0) @binding(2) var<storage, read> inputIndices: array<u32>;
@group(0) @binding(3) var<storage, read> inputValues: array<f32>;
@group(0) @binding(4) var<storage, read> rows: array<u32>;
@group(0) @binding(5) var<storage, read> weights: array<vec4f>;
@group(0) @binding(6) var<storage, read> bias: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> out: array<vec4f>;
override activation: u32;


fn store(row: u32, c: u32, sum: vec4f) {
  if (c >= params.stride4) { return; }
  out[row * params.stride4 + c] = keepColumns(activate4(params.keepScale * sum + bias[c], activation), c, params.hidden);
}

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let row = group.x;
  let c = group.y * 32u + local.x;
  var s0 = vec4f(0.0);
  var s1 = vec4f(0.0);
  var s2 = vec4f(0.0);
  var s3 = vec4f(0.0);
  if (row >= params.count) {
    for (var i = c; i < min(params.stride4, c + 32u); i += 8u) { out[row * params.stride4 + i] = vec4f(0.0); }
    return;
  }
  let user = rows[params.first + row];
  let end = inputIndptr[user + 1u];
  let rowKey = mix32(params.dropKey ^ row);
  for (var e = inputIndptr[user]; e < end; e++) {
    let item = inputIndices[e];
    if (params.dropThreshold > 0u && mix32(rowKey ^ item) < params.dropThreshold) { continue; }
    let x = inputValues[e * params.valueStep];
    let at = item * params.stride4 + c;
    s0 += x * weights[at];
    s1 += x * weights[at + 8u];
    s2 += x * weights[at + 16u];
    s3 += x * weights[at + 24u];
  }
  store(row, c, s0);
  store(row, c + 8u, s1);
  store(row, c + 16u, s2);
  store(row, c + 24u, s3);
}
