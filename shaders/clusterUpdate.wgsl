// centroids[c] = mean of the points assigned to c, where there are any; counts[c] = how many; twin: src/cpu/cluster.ts
// One workgroup a centroid, one thread a vec4 column: points are added in their order, so two runs give the same bytes.
// points: f32[n, d]   assigned: u32[n]   centroids: f32[k, d]   counts: u32[k]
struct Params {
  n: u32,
  stride4: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> points: array<vec4f>;
@group(0) @binding(2) var<storage, read> assigned: array<u32>;
@group(0) @binding(3) var<storage, read_write> centroids: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> counts: array<u32>;

@compute @workgroup_size(32)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) t: u32) {
  let c = group.x;
  let column = 32u * group.y + t;
  var sum = vec4f(0.0);
  var count = 0u;
  for (var i = 0u; i < params.n; i++) {
    if (assigned[i] != c) { continue; }
    count++;
    if (column < params.stride4) { sum += points[i * params.stride4 + column]; }
  }
  if (column < params.stride4 && count > 0u) { centroids[c * params.stride4 + column] = sum / f32(count); }
  if (column == 0u) { counts[c] = count; }
}
