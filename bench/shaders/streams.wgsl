// What an optimiser moves at least, without its arithmetic: four loads and three stores in place, a vec4 each.
@group(0) @binding(0) var<storage, read_write> param: array<vec4f>;
@group(0) @binding(1) var<storage, read> grad: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> moment1: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> moment2: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let at = id.x;
  let sum = param[at] + grad[at] + moment1[at] + moment2[at];
  moment1[at] = sum;
  moment2[at] = sum;
  param[at] = sum;
}
