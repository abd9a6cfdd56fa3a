/** The public names, in reading order: facts → policy → audience → entitlement → grant → plan. */

// 0 facts: what we are told

export type * from './facts.ts'
export {
  isReserved,
  marketplaceNames,
  productTag,
  reservedName,
} from './marketplace.ts'
export { lookAlike, nameFault, nameKey, normalName, normalText, normalValue, shownFault, valueFault } from './name.ts'
export {
  covers,
  joinScope,
  type LocationPathResult,
  normaliseLocationPath,
  overlaps,
  parseScope,
  printScope,
  type Scope,
  type ScopeErrorCode,
  type ScopeRefusal,
  type ScopeResult,
  type ScopeWarning,
  type ScopeWarningCode,
  s3PrefixTypeOf,
  scopeOfSubPrefix,
  subPrefixOf,
} from './scope.ts'
export { type ScopeIndex, scopeIndex } from './scope-index.ts'

// 1 policy: text → checked tree, and which policies speak about a data source

export { isLike, takesIn } from './applies-to.ts'
export { accountOf, meantPrincipals, uselessIn, type WhyUseless } from './people.ts'
export { type Placement, placementIndex } from './placement.ts'
export * from './policy/index.ts'

// 2, 3 audience and entitlement: who, what, until when, and why

export { type AccessPage, accessTo, type Page, whatIsReached, whoReaches } from './ask.ts'
export type { Change } from './change.ts'
export { type Difference, type Movement, type Movements, sourcesOf } from './difference.ts'
export { deriveEntitlements, type Entitlement, entitlementsOf, nextExpiry, type OwnReason } from './entitlement.ts'
export { type EntitlementIndex, entitlementIndex } from './entitlement-index.ts'
export { type Explanation, explain, type Obstacle } from './explain.ts'
export type { Explained, FoundFact } from './explain-expression.ts'
export {
  dataSourcesCovering,
  explainPath,
  type HeldGrant,
  ownerOfPrincipal,
  type PathExplanation,
  type PathLayer,
} from './explain-path.ts'
export type { Fix } from './fix.ts'
export { type Access, type OverlapReason, type Reason, withOverlap } from './overlap.ts'
export { hasPerson, intersection, numbersOf, type PeopleSet, peopleSetOf, unionOf } from './people-set.ts'

export {
  countEntitlements,
  type Preview,
  type PreviewPage,
  type PreviewRow,
  preview,
  previewOf,
  supposing,
} from './preview.ts'
export { beyond, type Moves, movesOf } from './preview-moves.ts'

// 4 grant: the same in AWS's terms

export {
  type DesiredGrant,
  type DesiredGrants,
  desiredGrants,
  type Grantee,
  type GrantPermission,
  grantKey,
  type Subsumed,
  type Unmapped,
} from './grant.ts'

// 5 plan: what to do about it now

export { type BrakeSetting, brakeRoom, brakeWindowMs, causes, isCounted } from './brake.ts'
export { type Forecast, forecastOf, type Sample } from './capacity.ts'
export type { HeldBy, LedgerRow, LedgerState } from './ledger.ts'
export { type ObservedGrant, type Plan, planChanges, type Waiting, type WaitReason } from './plan.ts'
export { type Mode, type Restraint, unrestrained } from './restraint.ts'

// what AWS holds, held against the ledger

export {
  type Comparison,
  isMissing,
  judgeRecorded,
  judgeUnknown,
  type ListedGrant,
  listLagMs,
  type Marked,
  type RecordedGrant,
} from './drift.ts'

// asking and deciding

export { accessStatus, type StatusOnSource } from './access-status.ts'
export { isDuration, longestDurationMs, parseDuration, printDuration } from './duration.ts'
export {
  type AgreementVersion,
  type Answer,
  type AnswerFault,
  type Answers,
  checkAccepted,
  checkAnswers,
  checkForm,
  type DurationField,
  type Field,
  type Form,
  mostAnswered,
} from './form.ts'
export {
  approvedUntil,
  isOver,
  laterEnd,
  type RequestEvent,
  type RequestState,
  requestAfter,
  requestStates,
} from './request.ts'
export { approvesStrangers, checkFlow, type FlowFault } from './review/check-flow.ts'
export {
  canComplete,
  type Decided,
  type Decision,
  decide,
  metBy,
  openReview,
  openStage,
  type Refusal,
  type Review,
  refusalOf,
} from './review/review.ts'
export {
  approvedFor,
  autoApprovedFor,
  type Criterion,
  criteriaOf,
  firstMatch,
  type Match,
  type Outcome,
  printCriterion,
  type RequestAbout,
  type ReviewFlow,
  type Rule,
  type Stage,
  stagesOf,
} from './review-flow.ts'

// every error that is answered

export { type ErrorCode, type ErrorDetail, errors, Problem } from './errors.ts'
