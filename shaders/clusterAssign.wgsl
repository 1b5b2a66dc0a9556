// The nearest centroid of every point, ties to the lower index, and its squared distance; twin: src/cpu/cluster.ts
// One thread a point.
// points: f32[n, d]   centroids: f32[k, d]   assigned: u32[n]   distances: f32[n]
struct Params {
  n: u32,
  k: u32,
  stride4: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> points: array<vec4f>;
@group(0) @binding(2) var<storage, read> centroids: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> assigned: array<u32>;
@group(0) @binding(4) var<storage, read_write> distances: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * 64u;
  if (i >= params.n) { return; }
  let at = i * params.stride4;
  var nearest = 0u;
  var least = 0.0;
  for (var c = 0u; c < params.k; c++) {
    var sum = 0.0;
    for (var h = 0u; h < params.stride4; h++) {
      let apart = points[at + h] - centroids[c * params.stride4 + h];
      sum += dot(apart, apart);
    }
    if (c == 0u || sum < least) {
      nearest = c;
      least = sum;
    }
  }
  assigned[i] = nearest;
  distances[i] = least;
}
