// Tiles of 32 x 32 sums for GPUs: 64 threads with a block of 4 x 4 each; both operands go through workgroup
// memory eight terms at a time, as [term][row] and [term][column].
const TERMS = 8u;
var<workgroup> leftTile: array<f32, 256>;
var<workgroup> rightTile: array<f32, 256>;

// Staging of an operand that lies term by term: thread t brings four neighbours of term t / 8.
fn stageLeft(t: u32, v: vec4f) {
  for (var i = 0u; i < 4u; i++) { leftTile[4u * t + i] = v[i]; }
}
fn stageRight(t: u32, v: vec4f) {
  for (var i = 0u; i < 4u; i++) { rightTile[4u * t + i] = v[i]; }
}
// Staging of an operand that lies the other way: thread t brings four terms of row or column t / 2.
fn stageLeftTurned(t: u32, v: vec4f) {
  for (var i = 0u; i < 4u; i++) { leftTile[32u * (4u * (t % 2u) + i) + t / 2u] = v[i]; }
}
fn stageRightTurned(t: u32, v: vec4f) {
  for (var i = 0u; i < 4u; i++) { rightTile[32u * (4u * (t % 2u) + i) + t / 2u] = v[i]; }
}

// Row i of the result: the staged terms' products for row 4 y + i and the vec4 column x, added to `sums`.
fn addTile(t: u32, sums: array<vec4f, 4>) -> array<vec4f, 4> {
  workgroupBarrier();
  var next = sums;
  let x = 4u * (t % 8u);
  let y = 4u * (t / 8u);
  for (var term = 0u; term < TERMS; term++) {
    let at = 32u * term;
    let r = vec4f(rightTile[at + x], rightTile[at + x + 1u], rightTile[at + x + 2u], rightTile[at + x + 3u]);
    next[0] += leftTile[at + y] * r;
    next[1] += leftTile[at + y + 1u] * r;
    next[2] += leftTile[at + y + 2u] * r;
    next[3] += leftTile[at + y + 3u] * r;
  }
  workgroupBarrier();
  return next;
}
