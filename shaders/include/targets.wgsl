// Sparse targets among dense logits. Two threads must never write components of one vec4, so the targets of a
// vec4, which are neighbours in the row, all belong to the thread that has the first of them.
fn targetsValue(e: u32) -> f32 { return targetsValues[e * params.valueStep]; }

fn isFirstOfVec4(e: u32, begin: u32) -> bool {
  return e == begin || targetsIndices[e - 1u] / 4u != targetsIndices[e] / 4u;
}

// The targets of the vec4 that entry `e` is the first of.
fn targetsOfVec4(e: u32, end: u32) -> vec4f {
  let first = targetsIndices[e];
  var x = inVec4(first, targetsValue(e));
  for (var j = e + 1u; j < end; j++) {
    let item = targetsIndices[j];
    if (item / 4u != first / 4u) { break; }
    x += inVec4(item, targetsValue(j));
  }
  return x;
}

// The value at the item's place in its vec4, zeros beside it.
fn inVec4(item: u32, value: f32) -> vec4f {
  return select(vec4f(0.0), vec4f(value), vec4u(item % 4u) == vec4u(0u, 1u, 2u, 3u));
}

// Padding rows of a batch have no gradient and no loss.
fn clearRow(row: u32, thread: u32) {
  for (var c = thread; c < params.stride4; c += lanes) { logits[row * params.stride4 + c] = vec4f(0.0); }
  if (thread == 0u && row < params.capacity) { loss[row] = 0.0; }
}
