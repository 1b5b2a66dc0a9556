// out[i, j] = sum over entries e of row i of `columns`: x_e users[user_e, j] (+ ridge[i] where i = outFirst + j); twin: src/cpu/solve.ts
// One workgroup a row of out. A user has an item once, so the threads share out the user's items without atomics, and
// wait for each other before the next user: two runs give the same bytes.
// columns: items x users   users: users x n   ridge: f32[items]   out: f32[items, n]
struct Params {
  first: u32,
  count: u32,
  outFirst: u32,
  outColumns: u32,
  stride: u32,
  columnsStep: u32,
  usersStep: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> columnsIndptr: array<u32>;
@group(0) @binding(2) var<storage, read> columnsIndices: array<u32>;
@group(0) @binding(3) var<storage, read> columnsValues: array<f32>;
@group(0) @binding(4) var<storage, read> usersIndptr: array<u32>;
@group(0) @binding(5) var<storage, read> usersIndices: array<u32>;
@group(0) @binding(6) var<storage, read> usersValues: array<f32>;
@group(0) @binding(7) var<storage, read> ridge: array<f32>;
@group(0) @binding(8) var<storage, read_write> out: array<f32>;
override lanes: u32;

@compute @workgroup_size(lanes)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) t: u32,
) {
  let row = group.x + group.y * groups.x;
  if (row >= params.count) { return; }
  let i = params.first + row;
  let at = i * params.stride;
  for (var j = t; j < params.stride; j += lanes) { out[at + j] = 0.0; }
  storageBarrier();
  let end = columnsIndptr[i + 1u];
  for (var e = columnsIndptr[i]; e < end; e++) {
    let user = columnsIndices[e];
    let x = columnsValues[e * params.columnsStep];
    let last = usersIndptr[user + 1u];
    for (var f = usersIndptr[user] + t; f < last; f += lanes) {
      out[at + usersIndices[f]] += x * usersValues[f * params.usersStep];
    }
    storageBarrier();
  }
  let diagonal = i - params.outFirst; // A row before the block wraps around, beyond its end.
  if (t == 0u && diagonal < params.outColumns) { out[at + diagonal] += ridge[i]; }
}
