// For each held-out item of a row: how many unseen items score above it, how many others tie with it at a
// lower index, and how many tie in all; twin: src/cpu/rank.ts
// One workgroup a row; four held-out items in one pass over the scores. `items` are those of a block that begins with
// `firstItem`; the counts of the first block overwrite, those of later ones are added.
// scores: f32[batch, items]   seenIndptr, heldOutIndptr: u32[users + 1]   seenIndices, heldOutIndices: u32[nnz]
// heldOutScores: f32[entries]   rows: u32[any]   ranks: u32[3 * entries]
// #include "include/order.wgsl"
struct Params {
  first: u32,
  count: u32,
  items: u32,
  firstItem: u32,
  stride4: u32,
  firstEntry: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> scores: array<vec4f>;
@group(0) @binding(2) var<storage, read> seenIndptr: array<u32>;
@group(0) @binding(3) var<storage, read> seenIndices: array<u32>;
@group(0) @binding(4) var<storage, read> heldOutIndptr: array<u32>;
@group(0) @binding(5) var<storage, read> heldOutIndices: array<u32>;
@group(0) @binding(6) var<storage, read> heldOutScores: array<f32>;
@group(0) @binding(7) var<storage, read> rows: array<u32>;
@group(0) @binding(8) var<storage, read_write> ranks: array<u32>;
override lanes: u32;
// #include "include/seen.wgsl"

const NOT_FINITE = 0xffffffffu;
// A thread's Counts of four held-out items, 64 threads, two halves in turn.
var<workgroup> parts: array<vec4u, 384>;

// Of one held-out item, by the components of the vec4s.
struct Counts {
  above: vec4u,
  // Above, or tied at a lower index.
  before: vec4u,
  // Above or tied, itself included.
  atLeast: vec4u,
}

fn add(counts: Counts, scores: vec4f, items: vec4u, score: f32, item: u32) -> Counts {
  let above = scores > vec4f(score);
  let atLeast = scores >= vec4f(score);
  let before = above | (atLeast & (items < vec4u(item)));
  return Counts(counts.above + ones(above), counts.before + ones(before), counts.atLeast + ones(atLeast));
}

fn ones(is: vec4<bool>) -> vec4u { return select(vec4u(0u), vec4u(1u), is); }

fn sum(v: vec4u) -> u32 { return (v.x + v.y) + (v.z + v.w); }

@compute @workgroup_size(lanes)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let row = group.x;
  let base = row * params.stride4;
  if (row >= params.count) { return; }
  let user = rows[params.first + row];
  maskSeen(base, thread, user);
  storageBarrier();

  let end4 = (params.items + 3u) / 4u;
  let end = heldOutIndptr[user + 1u];
  var half = 0u;
  for (var e = heldOutIndptr[user]; e < end; e += 4u) {
    // Beyond the last entry the last one is repeated and its counts are thrown away.
    let entry = min(vec4u(e, e + 1u, e + 2u, e + 3u), vec4u(end - 1u));
    let i = vec4u(heldOutIndices[entry.x], heldOutIndices[entry.y], heldOutIndices[entry.z], heldOutIndices[entry.w]);
    let place = entry - params.firstEntry;
    let s = vec4f(heldOutScores[place.x], heldOutScores[place.y], heldOutScores[place.z], heldOutScores[place.w]);
    var p = Counts();
    var q = Counts();
    var r = Counts();
    var t = Counts();
    var magnitude = vec4u(0u);
    for (var c = thread; c < end4; c += lanes) {
      let columns = itemsOf(c);
      let items = params.firstItem + columns;
      // Padding is neither above nor tied.
      let v = select(vec4f(MASKED), scores[base + c], columns < vec4u(params.items));
      magnitude = max(magnitude, magnitudes(v));
      p = add(p, v, items, s.x, i.x);
      q = add(q, v, items, s.y, i.y);
      r = add(r, v, items, s.z, i.z);
      t = add(t, v, items, s.w, i.w);
    }
    let above = vec4u(sum(p.above), sum(q.above), sum(r.above), sum(t.above));
    let before = vec4u(sum(p.before), sum(q.before), sum(r.before), sum(t.before));
    let atLeast = vec4u(sum(p.atLeast), sum(q.atLeast), sum(r.atLeast), sum(t.atLeast));
    let broken = any(magnitude >= vec4u(EXPONENT));
    half = 192u - half;
    parts[half + 3u * thread] = select(above, vec4u(NOT_FINITE), broken);
    parts[half + 3u * thread + 1u] = before - above;
    parts[half + 3u * thread + 2u] = atLeast - above;
    workgroupBarrier();
    for (var j = thread; j < min(4u, end - e); j += lanes) {
      var total = vec3u(0u);
      var sound = true;
      for (var other = 0u; other < lanes; other++) {
        let at = half + 3u * other;
        let part = vec3u(parts[at][j], parts[at + 1u][j], parts[at + 2u][j]);
        sound &= part.x != NOT_FINITE;
        total += part;
      }
      // Itself, where it is in this block.
      total.z -= select(0u, 1u, heldOutIndices[e + j] - params.firstItem < params.items);
      let at = 3u * (e + j - params.firstEntry);
      if (params.firstItem > 0u) {
        sound &= ranks[at] != NOT_FINITE;
        total += vec3u(ranks[at], ranks[at + 1u], ranks[at + 2u]);
      }
      total = select(vec3u(NOT_FINITE), total, sound);
      ranks[at] = total.x;
      ranks[at + 1u] = total.y;
      ranks[at + 2u] = total.z;
    }
  }
}
