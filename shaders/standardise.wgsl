// out[b, i] = weight rowWeights[b] (scores[b, i] - mean_b) / sd_b, added to what is there with `accumulate`; twin: src/cpu/scores.ts
// One workgroup a row. All is counted from the row's first score, so that equal scores are exactly 0 from their mean.
// scores: f32[batch, items]   rowWeights: f32[batch]   out: f32[batch, items]
// #include "include/mask.wgsl"
// #include "include/reduce.wgsl"
struct Params {
  count: u32,
  items: u32,
  stride4: u32,
  weight: f32,
  accumulate: u32,
  weighted: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> scores: array<vec4f>;
@group(0) @binding(2) var<storage, read> rowWeights: array<f32>;
@group(0) @binding(3) var<storage, read_write> out: array<vec4f>;

@compute @workgroup_size(lanes)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) t: u32,
) {
  let row = group.x + group.y * groups.x;
  if (row >= params.count) { return; }
  let at = row * params.stride4;
  let n4 = (params.items + 3u) / 4u;
  let origin = scores[at].x;
  var sum = vec4f(0.0);
  for (var c = t; c < n4; c += lanes) { sum += keepColumns(scores[at + c] - origin, c, params.items); }
  let n = f32(params.items);
  let mean = dot(workgroupSum(sum, t), vec4f(1.0)) / n;
  var squares = vec4f(0.0);
  for (var c = t; c < n4; c += lanes) {
    let off = keepColumns(scores[at + c] - origin - mean, c, params.items);
    squares += off * off;
  }
  let variance = dot(workgroupSum(squares, t), vec4f(1.0)) / n;
  var factor = 0.0;
  if (variance > 0.0) { factor = params.weight / sqrt(variance); }
  if (params.weighted == 1u) { factor *= rowWeights[row]; }
  for (var c = t; c < n4; c += lanes) {
    var z = keepColumns(factor * (scores[at + c] - origin - mean), c, params.items);
    if (params.accumulate == 1u) { z += out[at + c]; }
    out[at + c] = z;
  }
}
