// Tiles of sums for GPUs. A workgroup has side x side of them, a thread a block of 4 x 4 or 8 x 8; both operands go
// through workgroup memory some terms at a time, as [term][row] and [term][column]. In vec4s: the side of a tile,
// its terms, the side of a block.
struct Block {
  lower: array<vec4f, 8>,
  upper: array<vec4f, 8>,
}
override side4: u32;
override depth4: u32;
override block4: u32;
var<workgroup> leftTile: array<f32, 16u * side4 * depth4>;
var<workgroup> rightTile: array<f32, 16u * side4 * depth4>;

// A tile of an operand has 4 side4 depth4 vec4s. Place i of one that lies term by term is vec4 i % side4 of term
// i / side4 ...
fn stageLeft(i: u32, v: vec4f) {
  for (var j = 0u; j < 4u; j++) { leftTile[4u * i + j] = v[j]; }
}
fn stageRight(i: u32, v: vec4f) {
  for (var j = 0u; j < 4u; j++) { rightTile[4u * i + j] = v[j]; }
}
// ... and of one that lies the other way the vec4 i % depth4 of row or column i / depth4.
fn stageLeftTurned(i: u32, v: vec4f) {
  for (var j = 0u; j < 4u; j++) { leftTile[4u * side4 * (4u * (i % depth4) + j) + i / depth4] = v[j]; }
}
fn stageRightTurned(i: u32, v: vec4f) {
  for (var j = 0u; j < 4u; j++) { rightTile[4u * side4 * (4u * (i % depth4) + j) + i / depth4] = v[j]; }
}

// A thread's first row and vec4 column. Of blocks of 8 x 8 the second column is `across` further, so that
// neighbours read neighbours.
fn across() -> u32 { return side4 / block4; }
fn tileRow(group: vec3u, t: u32) -> u32 { return 4u * side4 * group.y + 4u * block4 * (t / across()); }
fn tileColumn(group: vec3u, t: u32) -> u32 { return side4 * group.x + t % across(); }

// Adds the products of the staged terms.
fn addTile(t: u32, sums: Block) -> Block {
  workgroupBarrier();
  var next = sums;
  let x = 4u * (t % across());
  let y = 4u * block4 * (t / across());
  for (var term = 0u; term < 4u * depth4; term++) {
    let left = 4u * side4 * term + y;
    let right = 4u * side4 * term + x;
    let u = vec4f(rightTile[right], rightTile[right + 1u], rightTile[right + 2u], rightTile[right + 3u]);
    next.lower[0] += leftTile[left] * u;
    next.lower[1] += leftTile[left + 1u] * u;
    next.lower[2] += leftTile[left + 2u] * u;
    next.lower[3] += leftTile[left + 3u] * u;
    if (block4 == 2u) {
      let far = right + 4u * across();
      let v = vec4f(rightTile[far], rightTile[far + 1u], rightTile[far + 2u], rightTile[far + 3u]);
      next.lower[4] += leftTile[left + 4u] * u;
      next.lower[5] += leftTile[left + 5u] * u;
      next.lower[6] += leftTile[left + 6u] * u;
      next.lower[7] += leftTile[left + 7u] * u;
      next.upper[0] += leftTile[left] * v;
      next.upper[1] += leftTile[left + 1u] * v;
      next.upper[2] += leftTile[left + 2u] * v;
      next.upper[3] += leftTile[left + 3u] * v;
      next.upper[4] += leftTile[left + 4u] * v;
      next.upper[5] += leftTile[left + 5u] * v;
      next.upper[6] += leftTile[left + 6u] * v;
      next.upper[7] += leftTile[left + 7u] * v;
    }
  }
  workgroupBarrier();
  return next;
}
