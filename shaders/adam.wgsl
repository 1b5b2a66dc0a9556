// Adam with L2 in the gradient, or AdamW with decoupled weight decay, in place; twin: src/cpu/optimiser.ts
// correction1 = 1 / (1 - beta1^step), correction2 = 1 / (1 - beta2^step), worked out on the host.
// param, grad, moment1, moment2: f32 of one shape
struct Params {
  size4: u32,
  decayed: u32,
  learningRate: f32,
  beta1: f32,
  beta2: f32,
  oneMinusBeta1: f32,
  oneMinusBeta2: f32,
  epsilon: f32,
  l2: f32,
  weightDecay: f32,
  correction1: f32,
  correction2: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> param: array<vec4f>;
@group(0) @binding(2) var<storage, read> grad: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> moment1: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> moment2: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = id.x + id.y * groups.x * 64u;
  if (at >= params.size4) { return; }
  let p = param[at];
  // L2 and decay apply to the first `decayed` numbers: weights, not the biases behind them.
  let decays = select(vec4f(0.0), vec4f(1.0), 4u * at + vec4u(0u, 1u, 2u, 3u) < vec4u(params.decayed));
  let g = grad[at] + 2.0 * params.l2 * decays * p;
  let m = params.beta1 * moment1[at] + params.oneMinusBeta1 * g;
  let v = params.beta2 * moment2[at] + params.oneMinusBeta2 * g * g;
  moment1[at] = m;
  moment2[at] = v;
  let change = params.learningRate * params.correction1 * m / (sqrt(params.correction2 * v) + params.epsilon);
  param[at] = p - params.learningRate * params.weightDecay * decays * p - change;
}
