// logits[b, c] += corrections[c] where c is no positive of row b; twin: src/cpu/items.ts
// One workgroup a row. Positives are marked in bits, so many columns at a time.
// logits: f32[batch, items], in place   positivesIndptr: u32[users + 1]   positivesIndices: u32[nnz]   rows: u32[any]
// corrections: f32[items]
struct Params {
  first: u32,
  count: u32,
  items: u32,
  stride4: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> logits: array<vec4f>;
@group(0) @binding(2) var<storage, read> positivesIndptr: array<u32>;
@group(0) @binding(3) var<storage, read> positivesIndices: array<u32>;
@group(0) @binding(4) var<storage, read> rows: array<u32>;
@group(0) @binding(5) var<storage, read> corrections: array<vec4f>;

const COLUMNS = 16384u;
var<workgroup> isPositive: array<atomic<u32>, 512>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let row = group.x;
  let thread = local.x;
  if (row >= params.count) { return; }
  let user = rows[params.first + row];
  let end = positivesIndptr[user + 1u];
  for (var begin = 0u; begin < params.items; begin += COLUMNS) {
    for (var word = thread; word < COLUMNS / 32u; word += 64u) { atomicStore(&isPositive[word], 0u); }
    workgroupBarrier();
    for (var e = positivesIndptr[user] + thread; e < end; e += 64u) {
      let column = positivesIndices[e] - begin; // One before these columns wraps around, beyond them.
      if (column < COLUMNS) { atomicOr(&isPositive[column / 32u], 1u << (column % 32u)); }
    }
    workgroupBarrier();
    let to4 = min(params.stride4, (begin + COLUMNS) / 4u);
    for (var c = begin / 4u + thread; c < to4; c += 64u) {
      let column = 4u * c - begin;
      let bits = atomicLoad(&isPositive[column / 32u]) >> (column % 32u);
      let isOther = (vec4u(bits) & vec4u(1u, 2u, 4u, 8u)) == vec4u(0u);
      // Padding columns have a correction of zero and stay zero.
      logits[row * params.stride4 + c] += select(vec4f(0.0), corrections[c], isOther);
    }
    workgroupBarrier();
  }
}
