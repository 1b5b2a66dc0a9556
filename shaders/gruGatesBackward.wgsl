// dh = outGrad + (dh z + recurrentGrad UT) of the next step; dn = dh (1 - z) (1 - n n), dz = dh (h - n) z (1 - z),
// dr = dn s r (1 - r); inputGrad <- (dr, dz, dn), recurrentGrad <- (dr, dz, dn r), carried <- dh z; twin: src/cpu/gru.ts
// A thread has one unit of four rows; see gruGatesForward. s is `recurrent`, h is `previous`.
// gates: f32[positions, 3 hidden]   recurrent, previous, outGrad: f32[positions, hidden]   weightsT: f32[3 hidden, hidden]
// inputGrad, recurrentGrad: f32[positions, 3 hidden]   carried: f32[positions, hidden]
struct Params {
  first: u32,
  count: u32,
  nextFirst: u32,
  nextCount: u32,
  hidden: u32,
  stride: u32,
  gatesStride: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> gates: array<f32>;
@group(0) @binding(2) var<storage, read> recurrent: array<f32>;
@group(0) @binding(3) var<storage, read> previous: array<f32>;
@group(0) @binding(4) var<storage, read> outGrad: array<f32>;
@group(0) @binding(5) var<storage, read> weightsT: array<f32>;
@group(0) @binding(6) var<storage, read_write> inputGrad: array<f32>;
@group(0) @binding(7) var<storage, read_write> recurrentGrad: array<f32>;
@group(0) @binding(8) var<storage, read_write> carried: array<f32>;

@compute @workgroup_size(32)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let hidden = params.hidden;
  let j = 32u * group.x + local.x;
  let four = 4u * group.y;
  if (j >= hidden) { return; }
  let rows = four + vec4u(0u, 1u, 2u, 3u);
  var later = vec4f(0.0);
  if (four < params.nextCount) {
    // Rows beyond the last read the last again, and forget it.
    let next = params.nextFirst + min(rows, vec4u(params.nextCount - 1u));
    let begin = next * params.gatesStride;
    for (var k = 0u; k < 3u * hidden; k++) {
      let d = vec4f(
        recurrentGrad[begin.x + k], recurrentGrad[begin.y + k], recurrentGrad[begin.z + k], recurrentGrad[begin.w + k]);
      later += d * weightsT[k * params.stride + j];
    }
    let place = next * params.stride + j;
    later += vec4f(carried[place.x], carried[place.y], carried[place.z], carried[place.w]);
    later = select(vec4f(0.0), later, rows < vec4u(params.nextCount));
  }
  for (var i = 0u; i < min(4u, params.count - four); i++) {
    let row = params.first + four + i;
    let at = row * params.gatesStride + j;
    let place = row * params.stride + j;
    let r = gates[at];
    let z = gates[at + hidden];
    let n = gates[at + 2u * hidden];
    let dh = outGrad[place] + later[i];
    let dn = dh * (1.0 - z) * (1.0 - n * n);
    let dz = dh * (previous[place] - n) * z * (1.0 - z);
    let dr = dn * recurrent[place] * r * (1.0 - r);
    inputGrad[at] = dr;
    inputGrad[at + hidden] = dz;
    inputGrad[at + 2u * hidden] = dn;
    recurrentGrad[at] = dr;
    recurrentGrad[at + hidden] = dz;
    recurrentGrad[at + 2u * hidden] = dn * r;
    carried[place] = dh * z;
  }
}
