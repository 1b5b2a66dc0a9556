// The products of a and bT in blocks, for adapters of either kind. The module has the parameters m, n, k, aStride4, bStride4,
// outStride4 and `store(group.z, row, c, sum)`, which takes the vec4 column c of a row of the part.
fn tileMain(group: vec3u, t: u32, begin: u32, end: u32) {
  var sums = array<vec4f, 4>();
  let row = 32u * group.y + t / 2u;
  let column = 32u * group.x + t / 2u;
  for (var k = begin; k < end; k += TERMS) {
    let k4 = k / 4u + t % 2u;
    var l = vec4f(0.0);
    if (row < params.m && k4 < params.aStride4) { l = a[row * params.aStride4 + k4]; }
    var r = vec4f(0.0);
    if (column < params.n && k4 < params.bStride4) { r = b[column * params.bStride4 + k4]; }
    stageLeftTurned(t, l);
    stageRightTurned(t, r);
    sums = addTile(t, sums);
  }
  for (var i = 0u; i < 4u; i++) { store(group.z, 32u * group.y + 4u * (t / 8u) + i, 8u * group.x + t % 8u, sums[i]); }
}

fn registerMain(group: vec3u, t: u32, begin: u32, end: u32) {
  let c = 16u * group.x + t;
  let row = 8u * group.y;
  if (c >= params.outStride4) { return; }
  var sums = registerBlock(row, c, begin, end);
  for (var i = 0u; i < 8u; i++) {
    store(group.z, row + i, c, sums.lower[i]);
    store(group.z, row + i, c + 8u, sums.upper[i]);
  }
}
