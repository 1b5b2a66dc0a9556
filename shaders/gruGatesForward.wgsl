// r = sigmoid(x_r + h U_r + b_r), z = sigmoid(x_z + h U_z + b_z), n = tanh(x_n + r (h U_n + b_n)),
// h' = (1 - z) n + z h, of one time step; twin: src/cpu/gru.ts
// A thread has one unit of four rows, so that a weight is read once for four products. No barriers, and scalars, since
// the gates of a row need not begin at a vec4.
// inputGates: f32[positions, 3 hidden]   weights: f32[hidden, 3 hidden]   bias: f32[3 hidden]
// states: f32[positions, hidden]   gates: f32[positions, 3 hidden]   recurrent, previous: f32[positions, hidden]
// #include "include/activation.wgsl"
struct Params {
  first: u32,
  count: u32,
  previousFirst: u32,
  previousCount: u32,
  hidden: u32,
  stride: u32,
  gatesStride: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> inputGates: array<f32>;
@group(0) @binding(2) var<storage, read> weights: array<f32>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read_write> states: array<f32>;
@group(0) @binding(5) var<storage, read_write> gates: array<f32>;
@group(0) @binding(6) var<storage, read_write> recurrent: array<f32>;
@group(0) @binding(7) var<storage, read_write> previous: array<f32>;

// The numbers of four rows at a place.
fn inputs(at: vec4u) -> vec4f {
  return vec4f(inputGates[at.x], inputGates[at.y], inputGates[at.z], inputGates[at.w]);
}
fn statesAt(at: vec4u) -> vec4f { return vec4f(states[at.x], states[at.y], states[at.z], states[at.w]); }

@compute @workgroup_size(32)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let hidden = params.hidden;
  let j = 32u * group.x + local.x;
  let four = 4u * group.y;
  if (j >= hidden) { return; }
  let rows = four + vec4u(0u, 1u, 2u, 3u);
  var r = vec4f(0.0);
  var z = vec4f(0.0);
  var n = vec4f(0.0);
  var h = vec4f(0.0);
  if (four < params.previousCount) {
    // Rows beyond the last read the last again, and forget it.
    let begin = (params.previousFirst + min(rows, vec4u(params.previousCount - 1u))) * params.stride;
    var at = j;
    for (var k = 0u; k < hidden; k++) {
      let x = statesAt(begin + k);
      r += x * weights[at];
      z += x * weights[at + hidden];
      n += x * weights[at + 2u * hidden];
      at += params.gatesStride;
    }
    let goesOn = rows < vec4u(params.previousCount);
    r = select(vec4f(0.0), r, goesOn);
    z = select(vec4f(0.0), z, goesOn);
    n = select(vec4f(0.0), n, goesOn);
    h = select(vec4f(0.0), statesAt(begin + j), goesOn);
  }
  let row = params.first + min(rows, vec4u(params.count - 1u));
  let at = row * params.gatesStride + j;
  let s = n + bias[2u * hidden + j];
  r = sigmoid4(inputs(at) + (r + bias[j]));
  z = sigmoid4(inputs(at + hidden) + (z + bias[hidden + j]));
  n = tanh4(inputs(at + 2u * hidden) + r * s);
  let next = (1.0 - z) * n + z * h;
  for (var i = 0u; i < min(4u, params.count - four); i++) {
    gates[at[i]] = r[i];
    gates[at[i] + hidden] = z[i];
    gates[at[i] + 2u * hidden] = n[i];
    let place = row[i] * params.stride + j;
    recurrent[place] = s[i];
    previous[place] = h[i];
    states[place] = next[i];
  }
}
