// g = grad + 2 l2 param; velocity <- momentum velocity + g; param <- param - learningRate velocity; twin: src/cpu/optimiser.ts
// param, grad, velocity: f32 of one shape
struct Params {
  size4: u32,
  decayed: u32,
  learningRate: f32,
  momentum: f32,
  l2: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> param: array<vec4f>;
@group(0) @binding(2) var<storage, read> grad: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> velocity: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = id.x + id.y * groups.x * 64u;
  if (at >= params.size4) { return; }
  // L2 applies to the first `decayed` numbers: weights, not the biases behind them.
  let decays = select(vec4f(0.0), vec4f(1.0), 4u * at + vec4u(0u, 1u, 2u, 3u) < vec4u(params.decayed));
  let v = params.momentum * velocity[at] + grad[at] + 2.0 * params.l2 * decays * param[at];
  velocity[at] = v;
  param[at] -= params.learningRate * v;
}
