// out = (outGrad + scale mean, outGrad exp(logVariance / 2) normal / 2 + scale (exp(logVariance) - 1) / 2),
// loss[b] += scale sum_c (mean^2 + exp(logVariance) - logVariance - 1) / 2; twin: src/cpu/latent.ts
// One workgroup a row.
// encoded: f32[batch, 2 latent]   outGrad: f32[batch, latent]   out: f32[batch, 2 latent]   loss: f32[batch]
// #include "include/random.wgsl"
// #include "include/normal.wgsl"
// #include "include/reduce.wgsl"
struct Params {
  latent: u32,
  count: u32,
  encodedStride: u32,
  stride: u32,
  noiseKey: u32,
  scale: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> encoded: array<f32>;
@group(0) @binding(2) var<storage, read> outGrad: array<f32>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;
@group(0) @binding(4) var<storage, read_write> loss: array<f32>;
override draws: bool;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let row = group.x;
  let thread = local.x;
  let base = row * params.encodedStride;
  if (row >= params.count) {
    for (var c = thread; c < 2u * params.latent; c += 64u) { out[base + c] = 0.0; }
    return;
  }
  let rowKey = mix32(params.noiseKey ^ row);
  var sum = 0.0;
  for (var c = thread; c < params.latent; c += 64u) {
    let mean = encoded[base + c];
    let logVariance = encoded[base + params.latent + c];
    let variance = exp(logVariance);
    let g = outGrad[row * params.stride + c];
    var normal = 0.0;
    if (draws) { normal = normalOf(mix32(rowKey ^ c)); }
    sum += mean * mean + (variance - logVariance - 1.0);
    out[base + c] = g + params.scale * mean;
    out[base + params.latent + c] =
      0.5 * (g * exp(0.5 * logVariance) * normal + params.scale * (variance - 1.0));
  }
  let total = workgroupSum(vec4f(sum, 0.0, 0.0, 0.0), thread);
  if (thread == 0u) { loss[row] += 0.5 * params.scale * total.x; }
}
