// Seen items among the scores of a row, a block of the items that begins with params.firstItem. Two threads must never write components of one vec4, so the seen items of
// a vec4, which are neighbours in the row, all belong to the thread that has the first of them.
fn itemsOf(c: u32) -> vec4u { return vec4u(4u * c) + vec4u(0u, 1u, 2u, 3u); }

fn maskSeen(base: u32, thread: u32, user: u32) {
  let begin = seenIndptr[user];
  let end = seenIndptr[user + 1u];
  for (var e = begin + thread; e < end; e += lanes) {
    let item = seenIndices[e] - params.firstItem; // An item before the block wraps around, beyond its end.
    if (item >= params.items) { continue; }
    let c = item / 4u;
    if (e > begin && (seenIndices[e - 1u] - params.firstItem) / 4u == c) { continue; }
    var seen = itemsOf(c) == vec4u(item);
    for (var j = e + 1u; j < end; j++) {
      let next = seenIndices[j] - params.firstItem;
      if (next / 4u != c) { break; }
      seen |= itemsOf(c) == vec4u(next);
    }
    scores[base + c] = select(scores[base + c], vec4f(MASKED), seen);
  }
}
