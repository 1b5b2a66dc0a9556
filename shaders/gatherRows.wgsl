// out[e] = input[items[e] - firstItem] for each e whose item is in the block, zeros where there is no item; twin: src/cpu/items.ts
// A thread copies a vec4 of a row; of vectors (`isVector`, stride4 = 0) it gathers four numbers.
// input: f32[n, width] or f32[n]   items: u32[m]   out: f32[m, width] or f32[m]
struct Params {
  n: u32,
  m: u32,
  firstItem: u32,
  stride4: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<vec4f>;
@group(0) @binding(2) var<storage, read> items: array<u32>;
@group(0) @binding(3) var<storage, read_write> out: array<vec4f>;
override isVector: bool;
const NO_ITEM = 0xffffffffu;

fn gatherFour(at: u32) {
  if (4u * at >= params.m) { return; }
  var found = out[at];
  for (var j = 0u; j < min(4u, params.m - 4u * at); j++) {
    let item = items[4u * at + j];
    let row = item - params.firstItem; // An item before the block wraps around, beyond its end.
    if (item == NO_ITEM) { found[j] = 0.0; } else if (row < params.n) { found[j] = input[row / 4u][row % 4u]; }
  }
  out[at] = found;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = id.x + id.y * groups.x * 64u;
  if (isVector) {
    gatherFour(at);
    return;
  }
  let e = at / params.stride4;
  if (e >= params.m) { return; }
  let item = items[e];
  let row = item - params.firstItem;
  if (item == NO_ITEM) { out[at] = vec4f(0.0); } else if (row < params.n) {
    out[at] = input[row * params.stride4 + at % params.stride4];
  }
}
