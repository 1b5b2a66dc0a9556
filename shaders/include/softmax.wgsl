// Running maximum m and sum of exp(z - m) of logits, mergeable in any order: no overflow, one pass.
const LOWEST = -3.4e38;

struct Softmax {
  m: f32,
  s: f32,
}

fn merge(p: Softmax, q: Softmax) -> Softmax {
  let m = max(p.m, q.m);
  return Softmax(m, p.s * exp(p.m - m) + q.s * exp(q.m - m));
}

var<workgroup> softmaxParts: array<Softmax, 64>;

fn workgroupSoftmax(value: Softmax, thread: u32) -> Softmax {
  softmaxParts[thread] = value;
  workgroupBarrier();
  for (var half = 32u; half > 0u; half /= 2u) {
    if (thread < half) { softmaxParts[thread] = merge(softmaxParts[thread], softmaxParts[thread + half]); }
    workgroupBarrier();
  }
  let total = softmaxParts[0];
  workgroupBarrier();
  return total;
}
