// Sums and maxima over the threads of a workgroup, in a fixed order; every thread gets the result. 64 threads take
// two steps of eight and two barriers, 8 threads one: that is as many as adapters that run on a CPU can afford.
override lanes: u32 = 64u;
var<workgroup> partial: array<vec4f, 64>;
// Two halves in turn: slower threads may still read what the last call left.
var<workgroup> partialOfEight: array<vec4f, 16>;
var<private> half: u32;

fn workgroupSum(value: vec4f, thread: u32) -> vec4f {
  var sum = value;
  if (lanes > 8u) {
    partial[thread] = value;
    workgroupBarrier();
    if (thread < 8u) {
      sum = vec4f(0.0);
      for (var i = 0u; i < 8u; i++) { sum += partial[8u * thread + i]; }
    }
  }
  half = 8u - half;
  if (thread < 8u) { partialOfEight[half + thread] = sum; }
  workgroupBarrier();
  var total = vec4f(0.0);
  for (var i = 0u; i < 8u; i++) { total += partialOfEight[half + i]; }
  return total;
}

fn workgroupMax(value: f32, thread: u32) -> f32 {
  var most = value;
  if (lanes > 8u) {
    partial[thread].x = value;
    workgroupBarrier();
    if (thread < 8u) {
      most = partial[8u * thread].x;
      for (var i = 1u; i < 8u; i++) { most = max(most, partial[8u * thread + i].x); }
    }
  }
  half = 8u - half;
  if (thread < 8u) { partialOfEight[half + thread].x = most; }
  workgroupBarrier();
  most = partialOfEight[half].x;
  for (var i = 1u; i < 8u; i++) { most = max(most, partialOfEight[half + i].x); }
  return most;
}
