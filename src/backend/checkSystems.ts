import type { ScoreOps } from './scoreOps.js';
import { ANY, batchRows, matrix, mismatch, sparse, vector, within } from './shapes.js';
import { MOST_UNKNOWNS, type SystemOps } from './systemOps.js';

type Both = SystemOps & ScoreOps;

/** The checks of SystemOps and ScoreOps; see check.ts. */
export const systemChecks: { readonly [K in keyof Both]: (args: Parameters<Both[K]>[0]) => void } = {
  normalEquations({ input, batch, factors, base, systems, rhs }) {
    sparse('normalEquations', input, 'input.indptr', 'input.indices', 'input.values');
    matrix('normalEquations', 'factors', factors, ANY, ANY);
    const d = factors.shape[1];
    matrix('normalEquations', 'base', base, d, d);
    matrix('normalEquations', 'rhs', rhs, ANY, d);
    matrix('normalEquations', 'systems', systems, rhs.shape[0] * d, d);
    batchRows('normalEquations', batch, rhs.shape[0]);
  },
  solveSystems({ systems, rhs, solutions, count }) {
    matrix('solveSystems', 'rhs', rhs, ANY, ANY);
    const [batch, d] = rhs.shape;
    within('solveSystems', 'unknowns', d, MOST_UNKNOWNS);
    matrix('solveSystems', 'systems', systems, batch * d, d);
    matrix('solveSystems', 'solutions', solutions, batch, d);
    within('solveSystems', 'count', count, batch);
  },
  gaussianKernel({ cosines }) {
    matrix('gaussianKernel', 'cosines', cosines, ANY, ANY);
  },
  standardise({ scores, out, rowWeights }) {
    matrix('standardise', 'scores', scores, ANY, ANY);
    matrix('standardise', 'out', out, scores.shape[0], scores.shape[1]);
    if (rowWeights) vector('standardise', 'rowWeights', rowWeights, scores.shape[0]);
    if (scores === out) throw mismatch('standardise', 'out', 'another tensor than scores', 'the same');
  },
};
