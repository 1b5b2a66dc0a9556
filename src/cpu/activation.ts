import type { Activation } from '../backend/ops.js';

const GELU_SLOPE = Math.sqrt(2 / Math.PI);
const GELU_CUBE = 0.044715;

export const sigmoid = (x: number): number => {
  const small = Math.exp(-Math.abs(x));
  return x >= 0 ? 1 / (1 + small) : small / (1 + small);
};

/** log(1 + e^x) without overflow. */
export const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

/** gelu is the tanh approximation of Hendrycks & Gimpel 2016, section 2. */
export const ACTIVATIONS: Readonly<Record<Activation, (x: number) => number>> = {
  linear: (x) => x,
  relu: (x) => Math.max(x, 0),
  tanh: Math.tanh,
  sigmoid,
  gelu: (x) => 0.5 * x * (1 + Math.tanh(GELU_SLOPE * (x + GELU_CUBE * x * x * x))),
};

/** The derivative, of the activation's output; for gelu of its input. */
export const DERIVATIVES: Readonly<Record<Activation, (saved: number) => number>> = {
  linear: () => 1,
  relu: (y) => (y > 0 ? 1 : 0),
  tanh: (y) => 1 - y * y,
  sigmoid: (y) => y * (1 - y),
  gelu: (x) => {
    const t = Math.tanh(GELU_SLOPE * (x + GELU_CUBE * x * x * x));
    return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * GELU_SLOPE * (1 + 3 * GELU_CUBE * x * x);
  },
};
