// systems_b = baseWeight base + sum over entries e of row b: x_e y_e y_eT + (ridge + entryRidge sum x_e) I, and
// rhs_b = sum x_e y_e, y_e the rows of `factors` that the entries name; twin: src/cpu/systems.ts
// A thread has a block of 8 x 8 on or above the diagonal, or eight numbers of rhs; nobody waits for anybody.
// inputIndptr: u32[users + 1]   inputIndices: u32[nnz]   inputValues: f32[nnz] or f32[1]   rows: u32[any]
// factors: f32[columns, d]   base: f32[d, d]   systems: f32[batch * d, d]   rhs: f32[batch, d]
struct Params {
  first: u32,
  count: u32,
  unknowns: u32,
  stride4: u32,
  valueStep: u32,
  baseWeight: f32,
  ridge: f32,
  entryRidge: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> inputIndptr: array<u32>;
@group(0) @binding(2) var<storage, read> inputIndices: array<u32>;
@group(0) @binding(3) var<storage, read> inputValues: array<f32>;
@group(0) @binding(4) var<storage, read> rows: array<u32>;
@group(0) @binding(5) var<storage, read> factors: array<vec4f>;
@group(0) @binding(6) var<storage, read> base: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> systems: array<vec4f>;
@group(0) @binding(8) var<storage, read_write> rhs: array<vec4f>;
override lanes: u32;

fn rightHandSide(b: u32, part: u32) {
  let stride4 = params.stride4;
  var low = vec4f(0.0);
  var high = vec4f(0.0);
  if (b < params.count) {
    let row = rows[params.first + b];
    let end = inputIndptr[row + 1u];
    for (var e = inputIndptr[row]; e < end; e++) {
      let x = inputValues[e * params.valueStep];
      let at = inputIndices[e] * stride4 + 2u * part;
      low += x * factors[at];
      high += x * factors[at + 1u];
    }
  }
  rhs[b * stride4 + 2u * part] = low;
  rhs[b * stride4 + 2u * part + 1u] = high;
}

@compute @workgroup_size(lanes)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) t: u32) {
  let b = group.x;
  let stride4 = params.stride4;
  let blocks = stride4 / 2u;
  // The blocks of the first row of blocks, of the second from the diagonal on, ..., then the right-hand side.
  var place = group.y * lanes + t;
  var i = 0u;
  while (i < blocks && place >= blocks - i) {
    place -= blocks - i;
    i++;
  }
  if (i == blocks) {
    if (place < blocks) { rightHandSide(b, place); }
    return;
  }
  if (b >= params.count) { return; }
  let j = i + place;

  var left = array<vec4f, 8>();
  var right = array<vec4f, 8>();
  var ridge = params.ridge;
  let row = rows[params.first + b];
  let end = inputIndptr[row + 1u];
  for (var e = inputIndptr[row]; e < end; e++) {
    let x = inputValues[e * params.valueStep];
    let at = inputIndices[e] * stride4;
    ridge += params.entryRidge * x;
    let low = x * factors[at + 2u * i];
    let high = x * factors[at + 2u * i + 1u];
    let a = factors[at + 2u * j];
    let c = factors[at + 2u * j + 1u];
    for (var r = 0u; r < 4u; r++) {
      left[r] += low[r] * a;
      right[r] += low[r] * c;
      left[r + 4u] += high[r] * a;
      right[r + 4u] += high[r] * c;
    }
  }
  for (var r = 0u; r < 8u; r++) {
    let line = 8u * i + r;
    if (line >= params.unknowns) { break; }
    var low = left[r] + params.baseWeight * base[line * stride4 + 2u * j];
    var high = right[r] + params.baseWeight * base[line * stride4 + 2u * j + 1u];
    if (i == j) {
      if (r < 4u) { low[r] += ridge; } else { high[r - 4u] += ridge; }
    }
    let at = (b * params.unknowns + line) * stride4 + 2u * j;
    systems[at] = low;
    systems[at + 1u] = high;
  }
}
