// sums[slot + p], p < 32, add up to factor * sum of squares of input; twin: src/cpu/loss.ts
// One workgroup a part; every thread strides over its part in fixed order.
// input: f32[any]   sums: f32[any]
// #include "include/mask.wgsl"
// #include "include/reduce.wgsl"
struct Params {
  size4: u32,
  count: u32,
  slot: u32,
  factor: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> sums: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  var sum = vec4f(0.0);
  for (var at = group.x * 64u + local.x; at < params.size4; at += groups.x * 64u) {
    let x = keepColumns(input[at], at, params.count);
    sum += x * x;
  }
  let total = workgroupSum(sum, local.x);
  if (local.x == 0u) {
    sums[params.slot + group.x] = params.factor * ((total.x + total.y) + (total.z + total.w));
  }
}
