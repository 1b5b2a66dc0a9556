import type { Ops } from '../backend/ops.js';
import { bagBackward, bagForward, bagInputGrad, bagSparse, dropout } from './bag.js';
import { clusterAssign, clusterUpdate } from './cluster.js';
import { gruGatesBackward, gruGatesForward } from './gru.js';
import {
  accumulate,
  adamRows,
  bagBlock,
  correctLogits,
  gatherRows,
  softmaxGrad,
  softmaxSums,
} from './items.js';
import { gaussianBackward, gaussianSample } from './latent.js';
import {
  activatedSquaredError,
  binaryCrossEntropy,
  recordLoss,
  softmaxNll,
  squaredError,
  sumSquares,
} from './loss.js';
import {
  activate,
  matmulNN,
  matmulNT,
  matmulNTActivation,
  matmulTN,
  reduceActivation,
  transpose,
} from './matmul.js';
import { adam, clipNorm, sgd, zeroDiagonal } from './optimiser.js';
import { gridSum, pairBackward, pairLoss, pairScores, pairSum } from './pair.js';
import { uniform } from './random.js';
import { rankOf, scoresOf, topK } from './rank.js';
import { gaussianKernel, standardise } from './scores.js';
import { cholesky, gram, matmulPanel, residual, triangularSolve } from './solve.js';
import { normalEquations, solveSystems } from './systems.js';

/** The reference: plain loops in doubles over f32 or f64 storage. */
export const cpuOps: Ops = {
  bagForward,
  bagBackward,
  bagInputGrad,
  bagSparse,
  dropout,
  gruGatesForward,
  gruGatesBackward,
  matmulNN,
  matmulNT,
  matmulNTActivation,
  matmulTN,
  transpose,
  reduceActivation,
  activate,
  gaussianSample,
  gaussianBackward,
  pairSum,
  pairLoss,
  pairBackward,
  gridSum,
  pairScores,
  softmaxNll,
  squaredError,
  activatedSquaredError,
  binaryCrossEntropy,
  sumSquares,
  recordLoss,
  clipNorm,
  sgd,
  adam,
  zeroDiagonal,
  gram,
  matmulPanel,
  cholesky,
  triangularSolve,
  residual,
  clusterAssign,
  clusterUpdate,
  uniform,
  bagBlock,
  softmaxSums,
  softmaxGrad,
  correctLogits,
  accumulate,
  gatherRows,
  adamRows,
  topK,
  scoresOf,
  rankOf,
  normalEquations,
  solveSystems,
  gaussianKernel,
  standardise,
};
