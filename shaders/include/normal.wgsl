// A standard normal number from random bits; twin: randomNormal in src/backend/random.ts.
// Algorithm AS 241, PPND7 (Wichura 1988): rational functions of the distance from 1/2, which 24 bits hold exactly.
fn normalOf(bits: u32) -> f32 {
  let q = (f32(bits >> 8u) - 8388607.5) * 0x1p-24;
  if (abs(q) <= 0.425) {
    let r = 0.180625 - q * q;
    return q * (((59.10937472 * r + 159.29113202) * r + 50.434271938) * r + 3.3871327179)
      / (((67.1875636 * r + 78.757757664) * r + 17.895169469) * r + 1.0);
  }
  let r = sqrt(-log(0.5 - abs(q))) - 1.6;
  let size = (((0.17023821103 * r + 1.3067284816) * r + 2.75681539) * r + 1.4234372777)
    / ((0.12021132975 * r + 0.7370016425) * r + 1.0);
  return select(size, -size, q < 0.0);
}
