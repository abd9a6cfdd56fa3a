/** The policy language: text ⇄ tree, what is wrong or odd with it. One grammar for every door. */
export { expressionOfRule, type SimpleCondition, type SimpleRule, simpleRuleOf } from './builder.ts'
export { type Completion, completionAt, type Highlight, highlightsOf } from './completion.ts'
export {
  type AnyFunctionName,
  and,
  type Call,
  call,
  callsOf,
  canonical,
  type Expression,
  type FlowFunctionName,
  type FunctionName,
  isSameExpression,
  not,
  or,
  type Span,
} from './expression.ts'
export {
  type ArgumentKind,
  argumentKindAt,
  type FunctionShape,
  type FunctionsIn,
  functionNames,
  functionNamesIn,
  isFunctionName,
  type LanguageContext,
  languageFunctions,
  levels,
  principalKinds,
  usageOf,
} from './functions.ts'
export { isDottedName, matches, selfAndParents } from './match.ts'
export { type ParseResult, parseExpression, parseIn, policyLimits } from './parse.ts'
export type { PolicyError, PolicyErrorCode } from './policy-error.ts'
export { printExpression, printString } from './print.ts'
export { allUsers, isOpenByAbsence, truthOf } from './truth.ts'
export {
  nameWarnings,
  type PolicyWarning,
  type PolicyWarningCode,
  tagWarnings,
  type Vocabulary,
  warnings,
} from './warnings.ts'
