// Sums over the 64 threads of a workgroup as a tree of fixed order; every thread gets the result.
var<workgroup> partial: array<vec4f, 64>;

fn workgroupSum(value: vec4f, thread: u32) -> vec4f {
  partial[thread] = value;
  workgroupBarrier();
  for (var half = 32u; half > 0u; half /= 2u) {
    if (thread < half) { partial[thread] += partial[thread + half]; }
    workgroupBarrier();
  }
  let total = partial[0];
  workgroupBarrier();
  return total;
}
