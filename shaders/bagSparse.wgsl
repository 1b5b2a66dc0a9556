// out[b, j] += sum over entries e of row b: x_e table[item_e, j], the table sparse; twin: src/cpu/bag.ts
// One workgroup a row of the batch. A row of the table has a column once, so the threads share it out without atomics,
// and wait for each other before the next entry: two runs give the same bytes. Entries of no weight are passed over.
// inputIndptr: u32[users + 1]   inputIndices: u32[nnz]   inputValues: f32[nnz] or f32[1]   rows: u32[any]
// tableIndptr: u32[items + 1]   tableIndices: u32[any]   tableValues: f32[any] or f32[1]   out: f32[batch, items]
struct Params {
  first: u32,
  count: u32,
  stride: u32,
  inputStep: u32,
  tableStep: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> inputIndptr: array<u32>;
@group(0) @binding(2) var<storage, read> inputIndices: array<u32>;
@group(0) @binding(3) var<storage, read> inputValues: array<f32>;
@group(0) @binding(4) var<storage, read> rows: array<u32>;
@group(0) @binding(5) var<storage, read> tableIndptr: array<u32>;
@group(0) @binding(6) var<storage, read> tableIndices: array<u32>;
@group(0) @binding(7) var<storage, read> tableValues: array<f32>;
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
  let user = rows[params.first + row];
  let at = row * params.stride;
  let end = inputIndptr[user + 1u];
  for (var e = inputIndptr[user]; e < end; e++) {
    let x = inputValues[e * params.inputStep];
    if (x == 0.0) { continue; }
    let item = inputIndices[e];
    let last = tableIndptr[item + 1u];
    for (var f = tableIndptr[item] + t; f < last; f += lanes) {
      out[at + tableIndices[f]] += x * tableValues[f * params.tableStep];
    }
    storageBarrier();
  }
}
