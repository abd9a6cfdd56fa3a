/** What every command ends with, so that a pipeline can tell "no" from "I could not look". */
export const exits = {
  /** Done, and all is as it should be. */
  well: 0,
  /** Not done: refused, badly typed, or nobody answered. Nothing can be said. */
  failed: 1,
  /** Looked, and found something: a plan with steps, a policy or trail that does not hold, a remedy to follow. */
  found: 2,
} as const
