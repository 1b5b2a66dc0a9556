// The k best items of each row, best first, ties to the lower index, seen and disallowed items left out; twin: src/cpu/rank.ts
// One dispatch finds at most 256 of them, those after the first `done` ones; one workgroup a row:
//   1. each thread takes the maxima of its groups of items, and of its groups the maxima in `segments` parts; the k-th
//      largest of the parts' maxima bounds the k-th best score from below;
//   2. groups that reach the bound are listed, and what reaches it in them is collected; if that is too much
//      (adversarial order, many ties), bisection over keys and then indices finds the exact cut;
//   3. each collected item counts how many precede it: that is its place.
// `items` are those of a block that begins with `firstItem`, a multiple of 64; topItems, seenIndices and the bits of
// `allowed` count over the whole catalogue.
// scores: f32[batch, items]   seenIndptr: u32[users + 1]   seenIndices: u32[nnz]   rows: u32[any]
// allowed: u32[ceil((firstItem + items) / 32)]   topItems: u32[batch, k]   topScores: f32[batch, k]
// #include "include/order.wgsl"
struct Params {
  first: u32,
  count: u32,
  items: u32,
  firstItem: u32,
  stride4: u32,
  k: u32,
  done: u32,
  wanted: u32,
  segments: u32,
  group4: u32,
  topStride: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> scores: array<vec4f>;
@group(0) @binding(2) var<storage, read> seenIndptr: array<u32>;
@group(0) @binding(3) var<storage, read> seenIndices: array<u32>;
@group(0) @binding(4) var<storage, read> rows: array<u32>;
@group(0) @binding(5) var<storage, read> allowed: array<u32>;
@group(0) @binding(6) var<storage, read_write> topItems: array<u32>;
@group(0) @binding(7) var<storage, read_write> topScores: array<f32>;
override lanes: u32;
// Whether this is not the first dispatch.
override later: bool;
// #include "include/seen.wgsl"

const CAPACITY = 1024u;
const NO_ITEM = 0xffffffffu;
const NOT_FINITE = 0xfffffffeu;

// The maxima of the groups; at the end the scores of what was collected.
var<workgroup> best: array<f32, 1024>;
var<workgroup> maxima: array<f32, 512>;
var<workgroup> hits: array<u32, 1024>;
var<workgroup> collected: array<u32, CAPACITY>;
var<workgroup> counter: atomic<u32>;
var<workgroup> agreed: u32;
var<workgroup> bound: f32;

// The last item found by the dispatches before.
struct Cursor {
  score: f32,
  item: u32,
}

// The scores of the vec4 column c, MASKED where they must not be given: padding, and what is not after the cursor.
fn candidates(base: u32, c: u32, cursor: Cursor) -> vec4f {
  let items = itemsOf(c);
  let score = scores[base + c];
  var may = items < vec4u(params.items);
  if (later) {
    may &= (score < vec4f(cursor.score)) | ((score == vec4f(cursor.score)) & (items > vec4u(cursor.item)));
  }
  return select(vec4f(MASKED), score, may);
}

// The same value for all threads; barriers.
fn broadcastCounter(thread: u32) -> u32 {
  workgroupBarrier();
  if (thread == 0u) {
    agreed = atomicLoad(&counter);
    atomicStore(&counter, 0u);
  }
  return workgroupUniformLoad(&agreed);
}

// Which candidates have a key above `key`, or that key and an index below `limit`; key is above that of MASKED.
fn reach(base: u32, c: u32, cursor: Cursor, key: u32, limit: u32) -> vec4<bool> {
  let keys = keysOf(candidates(base, c, cursor));
  return (keys > vec4u(key)) | ((keys == vec4u(key)) & (itemsOf(c) < vec4u(limit)));
}

fn countReaching(base: u32, thread: u32, cursor: Cursor, key: u32, limit: u32) -> u32 {
  var mine = vec4u(0u);
  for (var c = thread; c < params.stride4; c += lanes) {
    mine += select(vec4u(0u), vec4u(1u), reach(base, c, cursor, key, limit));
  }
  atomicAdd(&counter, mine.x + mine.y + mine.z + mine.w);
  return broadcastCounter(thread);
}

// Lists the items of the column c that are chosen, in any order; what is beyond the capacity is counted only.
fn collect(c: u32, chosen: vec4<bool>) {
  let n = select(vec4u(0u), vec4u(1u), chosen);
  let total = n.x + n.y + n.z + n.w;
  if (total == 0u) { return; }
  var slot = atomicAdd(&counter, total);
  if (slot + total > CAPACITY) { return; }
  if (chosen.x) { collected[slot] = 4u * c; }
  slot += n.x;
  if (chosen.y) { collected[slot] = 4u * c + 1u; }
  slot += n.y;
  if (chosen.z) { collected[slot] = 4u * c + 2u; }
  slot += n.z;
  if (chosen.w) { collected[slot] = 4u * c + 3u; }
}

fn fill(row: u32, thread: u32, start: u32, item: u32) {
  for (var j = start + thread; j < params.wanted; j += lanes) {
    topItems[row * params.k + params.done + j] = item;
    topScores[row * params.topStride + params.done + j] = MASKED;
  }
}

// A word of `allowed` covers whole vec4 columns.
fn maskDisallowed(base: u32, thread: u32) {
  let words = (params.items + 31u) / 32u;
  // Mostly everything is allowed: one look then does for 32 items, and no thread enters the second loop.
  var all = 0xffffffffu;
  for (var word = thread; word < words; word += lanes) { all &= allowed[params.firstItem / 32u + word]; }
  for (var word = select(thread, words, all == 0xffffffffu); word < words; word += lanes) {
    let bits = allowed[params.firstItem / 32u + word];
    for (var c = 8u * word; c < min(8u * word + 8u, params.stride4); c++) {
      let items = itemsOf(c);
      let may = ((vec4u(bits) >> (items % vec4u(32u))) & vec4u(1u)) != vec4u(0u);
      // Padding keeps its zeros.
      scores[base + c] = select(vec4f(MASKED), scores[base + c], may | (items >= vec4u(params.items)));
    }
  }
}

@compute @workgroup_size(lanes)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let row = group.x;
  let base = row * params.stride4;
  if (row >= params.count) {
    fill(row, thread, 0u, NO_ITEM);
    return;
  }
  var cursor = Cursor(0.0, 0u);
  if (later) {
    // Without an item there, none is left.
    cursor.item = topItems[row * params.k + params.done - 1u] - params.firstItem;
    cursor.score = topScores[row * params.topStride + params.done - 1u];
  } else {
    maskDisallowed(base, thread);
    storageBarrier();
    maskSeen(base, thread, rows[params.first + row]);
    storageBarrier();
  }

  // 1. A bound from below. Column c belongs to thread c % lanes, `group4` columns of a thread to a group.
  let end4 = (params.items + 3u) / 4u;
  let groups = (end4 + params.group4 * lanes - 1u) / (params.group4 * lanes) * lanes;
  // In the last round some threads have no column left.
  best[groups - lanes + thread] = MASKED;
  var magnitude = vec4u(0u);
  var most = MASKED;
  var at = thread;
  var left = params.group4;
  for (var c = thread; c < end4; c += lanes) {
    magnitude = max(magnitude, magnitudes(scores[base + c]));
    let v = candidates(base, c, cursor);
    most = max(most, max(max(v.x, v.y), max(v.z, v.w)));
    best[at] = most;
    left--;
    if (left == 0u) {
      left = params.group4;
      at += lanes;
      most = MASKED;
    }
  }
  if (any(magnitude >= vec4u(EXPONENT))) { atomicStore(&counter, 1u); }
  if (broadcastCounter(thread) != 0u) {
    fill(row, thread, 0u, NOT_FINITE);
    return;
  }
  for (var s = 0u; s < params.segments; s++) {
    var top = MASKED;
    for (var g = s * lanes + thread; g < groups; g += params.segments * lanes) { top = max(top, best[g]); }
    maxima[s * lanes + thread] = top;
  }
  workgroupBarrier();
  let maximaCount = params.segments * lanes;
  for (var slot = thread; slot < maximaCount; slot += lanes) {
    let mine = maxima[slot];
    var before = 0u;
    for (var j = 0u; j < maximaCount; j++) {
      let other = maxima[j];
      before += select(0u, 1u, other > mine || (other == mine && j < slot));
    }
    if (before == params.wanted - 1u) { bound = mine; }
  }
  let cut = workgroupUniformLoad(&bound);

  // 2. The candidates at or above the bound.
  for (var g = thread; g < groups; g += lanes) {
    if (best[g] >= cut && best[g] > MASKED) { hits[atomicAdd(&counter, 1u)] = g; }
  }
  let hitCount = broadcastCounter(thread);
  for (var h = thread; h < hitCount; h += lanes) {
    let g = hits[h];
    let first = g / lanes * params.group4 * lanes + g % lanes;
    for (var u = 0u; u < params.group4; u++) {
      let c = first + u * lanes;
      if (c >= end4) { break; }
      let v = candidates(base, c, cursor);
      collect(c, (v >= vec4f(cut)) & (v > vec4f(MASKED)));
    }
  }
  var found = broadcastCounter(thread);
  if (found > CAPACITY) {
    // Fewer than `wanted` are above `high`, at least `wanted` are at or above `low`.
    var low = max(keyOf(cut), keyOf(MASKED) + 1u);
    var high = 0xffffffffu;
    while (high - low > 1u) {
      let middle = low + (high - low) / 2u;
      if (countReaching(base, thread, cursor, middle, params.items) >= params.wanted) { low = middle; } else { high = middle; }
    }
    var enough = params.items;
    var tooFew = 0u;
    while (tooFew < enough) {
      let middle = (tooFew + enough) / 2u;
      if (countReaching(base, thread, cursor, low, middle) >= params.wanted) { enough = middle; } else { tooFew = middle + 1u; }
    }
    for (var c = thread; c < end4; c += lanes) { collect(c, reach(base, c, cursor, low, enough)); }
    found = broadcastCounter(thread);
  }

  // 3. Places.
  for (var slot = thread; slot < found; slot += lanes) {
    let item = collected[slot];
    best[slot] = scores[base + item / 4u][item % 4u];
  }
  workgroupBarrier();
  for (var slot = thread; slot < found; slot += lanes) {
    let score = best[slot];
    let item = collected[slot];
    var place = 0u;
    for (var j = 0u; j < found; j++) {
      let other = best[j];
      place += select(0u, 1u, other > score || (other == score && collected[j] < item));
    }
    if (place < params.wanted) {
      topItems[row * params.k + params.done + place] = params.firstItem + item;
      topScores[row * params.topStride + params.done + place] = score;
    }
  }
  fill(row, thread, found, NO_ITEM);
}
