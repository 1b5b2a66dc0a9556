// Sums and maxima over the 64 threads of a workgroup, in two steps of eight and a fixed order: two barriers,
// which are what a reduction costs on adapters that run on a CPU. Every thread gets the result.
var<workgroup> partial: array<vec4f, 64>;
var<workgroup> partialOfEight: array<vec4f, 8>;

fn workgroupSum(value: vec4f, thread: u32) -> vec4f {
  partial[thread] = value;
  workgroupBarrier();
  if (thread < 8u) {
    var sum = vec4f(0.0);
    for (var i = 0u; i < 8u; i++) { sum += partial[8u * thread + i]; }
    partialOfEight[thread] = sum;
  }
  workgroupBarrier();
  var total = vec4f(0.0);
  for (var i = 0u; i < 8u; i++) { total += partialOfEight[i]; }
  return total;
}

fn workgroupMax(value: f32, thread: u32) -> f32 {
  partial[thread].x = value;
  workgroupBarrier();
  if (thread < 8u) {
    var most = partial[8u * thread].x;
    for (var i = 1u; i < 8u; i++) { most = max(most, partial[8u * thread + i].x); }
    partialOfEight[thread].x = most;
  }
  workgroupBarrier();
  var most = partialOfEight[0].x;
  for (var i = 1u; i < 8u; i++) { most = max(most, partialOfEight[i].x); }
  return most;
}
