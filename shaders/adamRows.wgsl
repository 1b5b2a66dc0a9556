// A step of Adam or AdamW on the rows `items` of a block, moments and all; the other rows keep their values; twin: src/cpu/items.ts
// A thread steps a vec4 of a row; of vectors (`isVector`) all items of one vec4, which are neighbours in `items`, belong
// to the thread that has the first of them.
// param, moment1, moment2: f32[n, width] or f32[n]   grad: f32[m, width] or f32[m]   items: u32[m], ascending
struct Params {
  n: u32,
  m: u32,
  firstItem: u32,
  stride4: u32,
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
@group(0) @binding(5) var<storage, read> items: array<u32>;
override isVector: bool;

// Steps the numbers of the vec4 `at` that `touched` names.
fn step(at: u32, gradient: vec4f, touched: vec4<bool>) {
  let p = param[at];
  let g = gradient + 2.0 * params.l2 * p;
  let m = params.beta1 * moment1[at] + params.oneMinusBeta1 * g;
  let v = params.beta2 * moment2[at] + params.oneMinusBeta2 * g * g;
  let change = params.learningRate * params.correction1 * m / (sqrt(params.correction2 * v) + params.epsilon);
  moment1[at] = select(moment1[at], m, touched);
  moment2[at] = select(moment2[at], v, touched);
  param[at] = select(p, p - params.learningRate * params.weightDecay * p - change, touched);
}

fn stepItems(e: u32) {
  if (e >= params.m) { return; }
  let row = items[e] - params.firstItem; // An item before the block wraps around, beyond its end.
  if (row >= params.n || (e > 0u && items[e - 1u] / 4u == items[e] / 4u)) { return; }
  var gradient = vec4f(0.0);
  var touched = vec4<bool>(false);
  for (var j = e; j < params.m && items[j] / 4u == items[e] / 4u; j++) {
    gradient[items[j] % 4u] = grad[j / 4u][j % 4u];
    touched[items[j] % 4u] = true;
  }
  step(row / 4u, gradient, touched);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = id.x + id.y * groups.x * 64u;
  if (isVector) {
    stepItems(at);
    return;
  }
  let e = at / params.stride4;
  if (e >= params.m) { return; }
  let row = items[e] - params.firstItem;
  // Padding columns have neither values nor gradients and stay zero.
  if (row < params.n) { step(row * params.stride4 + at % params.stride4, grad[at], vec4<bool>(true)); }
}
