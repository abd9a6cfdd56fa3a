/** AWS policy evaluation: pure functions from a request and its policies to a verdict with its reason. */
export { denialText } from './denial.ts'
export {
  type DecidingStatement,
  evaluate,
  type Layer,
  type NamedPolicy,
  type Policies,
  type Request,
  type Verdict,
} from './evaluate.ts'
export { type Instance, vendsTo } from './may-vend.ts'
export { type PolicyDocument, type PolicyKind, parsePolicy, type Statement } from './policy-document.ts'
export type { Principal } from './principal.ts'
export { PolicySyntaxError } from './syntax.ts'
export { type Breadth, type TrustReading, type Way, whoCanAssume } from './who-can-assume.ts'
