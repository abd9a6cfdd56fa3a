/**
 * Dotted names: `Finance` stands for itself and for everything below it, `Finance.Payroll` included.
 *
 * Compared segment by segment and case-sensitively: `Fin` is no parent of `Finance`, a child never stands for its
 * parent. Page 04 "Parents".
 */

/** Whether `value` is the tag or a parent of it. Example: `matches('A', 'A.B')` is true, `matches('A.B', 'A')` false. */
export function matches(value: string, tag: string): boolean {
  return tag === value || (tag.length > value.length && tag.startsWith(value) && tag[value.length] === '.')
}

/** The name itself and its parents, nearest first: `A.B.C`, `A.B`, `A`. */
export function selfAndParents(name: string): string[] {
  const names = [name]
  for (let dot = name.lastIndexOf('.'); dot > 0; dot = name.lastIndexOf('.', dot - 1)) names.push(name.slice(0, dot))
  return names
}

/** Whether a tag or attribute value may be made with this name: no segment is empty. */
export function isDottedName(name: string): boolean {
  return name.split('.').every(segment => segment !== '')
}
