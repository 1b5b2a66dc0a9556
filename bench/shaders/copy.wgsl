// The memory ceiling: eight vec4 a thread from one buffer to another.
override threads: u32;
@group(0) @binding(0) var<storage, read> input: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> out: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let t = id.x;
  out[t] = input[t];
  out[t + threads] = input[t + threads];
  out[t + 2u * threads] = input[t + 2u * threads];
  out[t + 3u * threads] = input[t + 3u * threads];
  out[t + 4u * threads] = input[t + 4u * threads];
  out[t + 5u * threads] = input[t + 5u * threads];
  out[t + 6u * threads] = input[t + 6u * threads];
  out[t + 7u * threads] = input[t + 7u * threads];
}
