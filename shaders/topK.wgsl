// The k best items of each row, best first, ties to the lower index, seen and disallowed items left out; twin: src/cpu/rank.ts
// One dispatch finds at most 256 of them, those after the first `done` ones; one workgroup a row:
//   1. each thread takes the maxima of its items in `segments` groups; the k-th largest of all those maxima
//      bounds the k-th best score from below;
//   2. everything at or above the bound is collected; if that is too much (adversarial order, many ties),
//      bisection over keys and then indices finds the exact cut;
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
  stride: u32,
  k: u32,
  done: u32,
  wanted: u32,
  segments: u32,
  topStride: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> scores: array<f32>;
@group(0) @binding(2) var<storage, read> seenIndptr: array<u32>;
@group(0) @binding(3) var<storage, read> seenIndices: array<u32>;
@group(0) @binding(4) var<storage, read> rows: array<u32>;
@group(0) @binding(5) var<storage, read> allowed: array<u32>;
@group(0) @binding(6) var<storage, read_write> topItems: array<u32>;
@group(0) @binding(7) var<storage, read_write> topScores: array<f32>;

const CAPACITY = 1024u;
const NO_ITEM = 0xffffffffu;
const NOT_FINITE = 0xfffffffeu;

var<workgroup> maxima: array<u32, 256>;
var<workgroup> keys: array<u32, CAPACITY>;
var<workgroup> indices: array<u32, CAPACITY>;
var<workgroup> counter: atomic<u32>;
var<workgroup> broken: atomic<u32>;
var<workgroup> agreed: u32;

struct Cursor {
  key: u32,
  item: u32,
}

// The key of an item of this row, 0 if it must not be given (masked, or not after the cursor).
fn candidate(base: u32, item: u32, cursor: Cursor) -> u32 {
  let score = scores[base + item];
  let key = keyOf(score);
  let after = key < cursor.key || (key == cursor.key && item > cursor.item);
  return select(0u, key, score > MASKED && after);
}

// The same value for all threads; a barrier.
fn broadcastCounter(thread: u32) -> u32 {
  workgroupBarrier();
  if (thread == 0u) {
    agreed = atomicLoad(&counter);
    atomicStore(&counter, 0u);
  }
  return workgroupUniformLoad(&agreed);
}

// How many candidates have a key above `key`, or that key and an index below `limit`.
fn countFrom(base: u32, thread: u32, cursor: Cursor, key: u32, limit: u32) -> u32 {
  var mine = 0u;
  for (var i = thread; i < params.items; i += 64u) {
    let c = candidate(base, i, cursor);
    if (c != 0u && (c > key || (c == key && i < limit))) { mine++; }
  }
  atomicAdd(&counter, mine);
  return broadcastCounter(thread);
}

// Puts the candidates with a key above `key`, or that key and an index below `limit`, into the lists, in any order.
fn collect(base: u32, thread: u32, cursor: Cursor, key: u32, limit: u32) {
  for (var i = thread; i < params.items; i += 64u) {
    let c = candidate(base, i, cursor);
    if (c > key || (c == key && i < limit)) {
      let slot = atomicAdd(&counter, 1u);
      if (slot < CAPACITY) {
        keys[slot] = c;
        indices[slot] = i;
      }
    }
  }
}

fn fill(row: u32, thread: u32, start: u32, item: u32) {
  for (var j = start + thread; j < params.wanted; j += 64u) {
    topItems[row * params.k + params.done + j] = item; // NO_ITEM or NOT_FINITE
    topScores[row * params.topStride + params.done + j] = MASKED;
  }
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let row = group.x;
  let thread = local.x;
  let base = row * params.stride;
  if (row >= params.count) {
    fill(row, thread, 0u, NO_ITEM);
    return;
  }
  var cursor = Cursor(0xffffffffu, 0u);
  if (params.done == 0u) {
    let user = rows[params.first + row];
    let end = seenIndptr[user + 1u];
    for (var e = seenIndptr[user] + thread; e < end; e += 64u) {
      let column = seenIndices[e] - params.firstItem; // An item before the block wraps around, beyond its end.
      if (column < params.items) { scores[base + column] = MASKED; }
    }
    // Most words allow all of their items: one look then does for 32 of them.
    for (var word = thread; word < (params.items + 31u) / 32u; word += 64u) {
      let bits = allowed[params.firstItem / 32u + word];
      if (bits == 0xffffffffu) { continue; }
      for (var bit = 0u; bit < min(32u, params.items - 32u * word); bit++) {
        if ((bits & (1u << bit)) == 0u) { scores[base + 32u * word + bit] = MASKED; }
      }
    }
  } else {
    let item = topItems[row * params.k + params.done - 1u];
    let exhausted = item >= NOT_FINITE;
    let key = select(keyOf(topScores[row * params.topStride + params.done - 1u]), 0u, exhausted);
    cursor = Cursor(key, item - params.firstItem);
  }
  storageBarrier();

  // 1. A bound from below.
  for (var s = 0u; s < params.segments; s++) {
    var best = 0u;
    for (var i = s * 64u + thread; i < params.items; i += params.segments * 64u) {
      if (!isFinite(scores[base + i])) { atomicStore(&broken, 1u); }
      best = max(best, candidate(base, i, cursor));
    }
    maxima[s * 64u + thread] = best;
  }
  workgroupBarrier();
  if (thread == 0u) { agreed = atomicLoad(&broken); }
  if (workgroupUniformLoad(&agreed) != 0u) {
    fill(row, thread, 0u, NOT_FINITE);
    return;
  }
  let maximaCount = params.segments * 64u;
  for (var s = 0u; s < params.segments; s++) {
    let slot = s * 64u + thread;
    let mine = maxima[slot];
    var before = 0u;
    for (var j = 0u; j < maximaCount; j++) {
      let other = maxima[j];
      if (other > mine || (other == mine && j < slot)) { before++; }
    }
    if (before == params.wanted - 1u) { agreed = mine; }
  }
  var cutKey = max(1u, workgroupUniformLoad(&agreed));

  // 2. The candidates at or above the bound; what is beyond the capacity is counted only.
  collect(base, thread, cursor, cutKey, params.items);
  var found = broadcastCounter(thread);
  if (found > CAPACITY) {
    var high = 0xffffffffu; // Fewer than `wanted` are above it, at least `wanted` are at or above cutKey.
    while (high - cutKey > 1u) {
      let middle = cutKey + (high - cutKey) / 2u;
      if (countFrom(base, thread, cursor, middle, params.items) >= params.wanted) { cutKey = middle; } else { high = middle; }
    }
    var cutItem = params.items;
    var low = 0u;
    while (low < cutItem) {
      let middle = (low + cutItem) / 2u;
      if (countFrom(base, thread, cursor, cutKey, middle) >= params.wanted) { cutItem = middle; } else { low = middle + 1u; }
    }
    collect(base, thread, cursor, cutKey, cutItem);
    found = broadcastCounter(thread);
  }

  // 3. Places.
  for (var slot = thread; slot < found; slot += 64u) {
    let key = keys[slot];
    let item = indices[slot];
    var place = 0u;
    for (var j = 0u; j < found; j++) {
      if (keys[j] > key || (keys[j] == key && indices[j] < item)) { place++; }
    }
    if (place < params.wanted) {
      topItems[row * params.k + params.done + place] = params.firstItem + item;
      topScores[row * params.topStride + params.done + place] = scores[base + item];
    }
  }
  fill(row, thread, found, NO_ITEM);
}
