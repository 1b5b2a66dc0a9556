/** foldin, browser-safe. `foldin/node` adds file paths. */

export type { Backend, DeviceInfo, DeviceKind, Tensor } from './backend/backend.js';
export type { TuneCache, TuneMode, Tuning } from './backend/tuning.js';
export { type BackendOptions, createBackend } from './createBackend.js';
export { type ItemAttributes, readItemAttributes, readUserAttributes } from './data/attributes.js';
export { type AttributeTable, attributeTable } from './data/attributeValues.js';
export { type CleanOptions, type CleanReport, clean } from './data/clean.js';
export { type Csr, csrFromRows } from './data/csr.js';
export { type EmbedCache, type EmbedOptions, embedTexts } from './data/embed.js';
export { type Features, type ItemVectors, itemFeatures } from './data/features.js';
export { formatReport } from './data/formatReport.js';
export { evaluationSet, given } from './data/given.js';
export type { Interactions } from './data/interactions.js';
export { auditSplit, idsOf } from './data/leaks/audit.js';
export { columnLeaks, type ItemColumn } from './data/leaks/columns.js';
export { type Leak, type LeakKind, refuseLeaks } from './data/leaks/leak.js';
export { withItems } from './data/moreItems.js';
export { type Log, type LogInput, type ReadLogOptions, readLog } from './data/readLog.js';
export { dataReport, planMlp, type Report } from './data/report.js';
export { type SampleOptions, sampleCsv, sampleLog } from './data/sample.js';
export { type LogSource, memorySource } from './data/source.js';
export {
  defaultSplit,
  globalTime,
  heldOutUsers,
  leaveLastOut,
  random,
  type SplitOptions,
} from './data/split.js';
export type { EvaluationSet, Split } from './data/splitTypes.js';
export { withMoreUsers, withTraits } from './data/traits.js';
export { Vocabulary } from './data/vocabulary.js';
export { ERROR_CODES, type ErrorCode, FoldinError } from './errors.js';
export { breakdown, byHistoryLength, type Part } from './evaluate/breakdown.js';
export { DEFAULT_METRICS, type EvaluateOptions, evaluate } from './evaluate/evaluate.js';
export type { RankEvaluation } from './evaluate/evaluateRanks.js';
export { evaluateRatings, type RatingEvaluation } from './evaluate/evaluateRatings.js';
export { sameListWarning } from './evaluate/sameList.js';
export { bootstrapInterval, type PairedTest, pairedRandomisation } from './evaluate/significance.js';
export type { TieRule } from './evaluate/ties.js';
export type { EpochEvent, Notice, StepEvent, TrainEvent, TunedEvent } from './events.js';
export { type Counterfactual, counterfactual } from './explain/counterfactual.js';
export { type ExplainMethod, type ExplainOptions, type Explanation, explain } from './explain/explain.js';
export { type Importance, type ImportanceOptions, importance } from './explain/importance.js';
export { type RephraseOptions, rephrase } from './explain/rephrase.js';
export { type DefiningItem, type Group, type Groups, type GroupsOptions, groups } from './groups/groups.js';
export { type PriorOptions, type PriorReport, withGroupPrior } from './groups/prior.js';
export { type GroupTaste, groupOf, groupTaste } from './groups/taste.js';
export type { BlendMember, BlendOptions } from './model/blendConfig.js';
export { type NetworkConfig, TEXTBOOK, TEXTBOOK_WARNING, type TrainConfig } from './model/config.js';
export type { ContentOptions } from './model/contentConfig.js';
export type { EaseConfig } from './model/ease.js';
export type { IalsConfig } from './model/ials.js';
export type { ItemKnnConfig } from './model/itemKnn.js';
export type { KernelConfig } from './model/kernel.js';
export type { Model } from './model/model.js';
export { createModel, fitModel, MODEL_NAMES, type ModelOptions } from './model/registry.js';
export { type Fit, type FitOptions, fit } from './recommend/fit.js';
export {
  type Recommendation,
  type RecommendedItem,
  Recommender,
  type RecommendOptions,
  type Who,
} from './recommend/recommender.js';
export { collectReport, type ReportContents, type ReportOptions } from './report/collect.js';
export { reportHtml } from './report/html.js';
export { inspectHtml } from './report/inspect.js';
export { type Searched, type SearchSettings, search } from './search/search.js';
export { encodeItemVectors, readItemVectors } from './store/itemVectors.js';
export { decodeModel, encodeModel, type ModelContents } from './store/modelFile.js';
export { type PlannerKind, plannerFor } from './train/planner.js';
export { Trainer, type TrainerOptions, type TrainResult } from './train/trainer.js';
export { type CaseResult, compareCase, kernelCases } from './verify/cases.js';
export { VERSION } from './version.js';
