// With z_k = logits[k] + sum_f users[user_k, f] items[item_k, f]: loss[k] = scale weight_k (softplus(z_k) - goalk z_k),
// logits[k] <- scale weight_k (sigmoid(z_k) - goalk); twin: src/cpu/pair.ts
// A thread has a pair.
// pairs: vec4u[any] (user, item, bits of target and weight)   users: f32[any, factors]   items: f32[any, factors]
// logits: f32[capacity, 1], in place   loss: f32[capacity]
struct Params {
  first: u32,
  count: u32,
  capacity: u32,
  factors4: u32,
  logitStride: u32,
  scale: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> pairs: array<vec4u>;
@group(0) @binding(2) var<storage, read> users: array<vec4f>;
@group(0) @binding(3) var<storage, read> items: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> logits: array<f32>;
@group(0) @binding(5) var<storage, read_write> loss: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let k = id.x + id.y * groups.x * 64u;
  if (k >= params.capacity) { return; }
  if (k >= params.count) {
    logits[k * params.logitStride] = 0.0;
    loss[k] = 0.0;
    return;
  }
  let pair = pairs[params.first + k];
  let goal = bitcast<f32>(pair.z);
  let weight = params.scale * bitcast<f32>(pair.w);
  var products = vec4f(0.0);
  for (var f = 0u; f < params.factors4; f++) {
    products += users[pair.x * params.factors4 + f] * items[pair.y * params.factors4 + f];
  }
  let z = logits[k * params.logitStride] + ((products.x + products.y) + (products.z + products.w));
  // exp of a number that is never positive; below -80 it is zero in f32.
  let small = exp(max(-abs(z), -80.0));
  loss[k] = weight * (max(z, 0.0) + log(1.0 + small) - goal * z);
  logits[k * params.logitStride] = weight * (select(small, 1.0, z >= 0.0) / (1.0 + small) - goal);
}
