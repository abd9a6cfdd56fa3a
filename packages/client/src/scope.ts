/** What credentials cover, by the text of a grant's scope. Pure. */

/** Whether `scope` (`s3://bucket/prefix*`, or one object) takes in all of `target` (the same forms). */
export function covers(scope: string, target: string): boolean {
  return isPrefix(scope) ? target.startsWith(scope.slice(0, -1)) : target === scope
}

/** Whether a scope is a prefix, as opposed to one object. */
export function isPrefix(scope: string): boolean {
  return scope.endsWith('*')
}

/** The longest text that all begin with; of one key the key itself. */
export function commonBeginning(texts: readonly string[]): string {
  const [first = '', ...others] = texts
  let length = first.length
  for (const other of others) {
    length = Math.min(length, other.length)
    while (!other.startsWith(first.slice(0, length))) length--
  }
  return first.slice(0, length)
}
