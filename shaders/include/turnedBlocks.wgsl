// The products of a and bT in blocks, for adapters of either kind. The module has the parameters m, n, k, aStride4, bStride4,
// outStride4 and `store(group.z, row, c, sum)`, which takes the vec4 column c of a row of the part.
fn tileMain(group: vec3u, t: u32, begin: u32, end: u32) {
  var products = Block();
  for (var k = begin; k < end; k += 4u * depth4) {
    for (var i = t; i < 4u * side4 * depth4; i += threads) {
      let row = 4u * side4 * group.y + i / depth4;
      let column = 4u * side4 * group.x + i / depth4;
      let k4 = k / 4u + i % depth4;
      var l = vec4f(0.0);
      var r = vec4f(0.0);
      if (4u * k4 < end) {
        if (row < params.m) { l = a[row * params.aStride4 + k4]; }
        if (column < params.n) { r = b[column * params.bStride4 + k4]; }
      }
      stageLeftTurned(i, l);
      stageRightTurned(i, r);
    }
    products = addTile(t, products);
  }
  let row = tileRow(group, t);
  let c = tileColumn(group, t);
  for (var i = 0u; i < 4u * block4; i++) {
    store(group.z, row + i, c, products.lower[i]);
    if (block4 == 2u) { store(group.z, row + i, c + across(), products.upper[i]); }
  }
}

fn registerMain(group: vec3u, t: u32, begin: u32, end: u32) {
  let c = 8u * group.x + t;
  let firstRow = params.rowsOfGroup * group.y;
  let endRow = min(params.m, firstRow + params.rowsOfGroup);
  for (var first = begin; first < end || first == begin; first += mostTerms) {
    let count = min(mostTerms, end - first);
    keepTurnedTerms(c, first, count, params.n);
    for (var row = firstRow; row < endRow; row += 8u) {
      var sums = productsOfRows(row, first, count, t, true);
      if (c < params.outStride4) {
        for (var i = 0u; i < min(8u, endRow - row); i++) {
          let at = (group.z * params.m + row + i) * params.outStride4 + c;
          if (first > begin) { sums[i] += out[at]; }
          if (first + count == end) { store(group.z, row + i, c, sums[i]); } else { out[at] = sums[i]; }
        }
      }
    }
  }
}
