// out[b, c] = mean[b, c] + exp(logVariance[b, c] / 2) normal(b, c), or the mean; twin: src/cpu/latent.ts
// noiseKey = mix32(mix32(seed) ^ step), worked out on the host.
// encoded: f32[batch, 2 latent], means, then logarithms of variances   out: f32[batch, latent]
// #include "include/random.wgsl"
// #include "include/normal.wgsl"
struct Params {
  batch: u32,
  latent: u32,
  count: u32,
  encodedStride: u32,
  stride: u32,
  noiseKey: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> encoded: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;
override draws: bool;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = id.x + id.y * groups.x * 64u;
  if (at >= params.batch * params.latent) { return; }
  let b = at / params.latent;
  let c = at % params.latent;
  var value = 0.0;
  if (b < params.count) {
    let place = b * params.encodedStride + c;
    value = encoded[place];
    if (draws) {
      let normal = normalOf(mix32(mix32(params.noiseKey ^ b) ^ c));
      value += exp(0.5 * encoded[place + params.latent]) * normal;
    }
  }
  out[b * params.stride + c] = value;
}
