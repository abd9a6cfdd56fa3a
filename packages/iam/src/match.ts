/**
 * Patterns of the policy language against plain text: `*`, `?`, policy variables, ARNs part by part.
 * Promises linear-ish time (no regular expressions, so no pattern can stall an evaluation), and that text which came
 * out of a variable is never itself read as a wildcard.
 */

/** The value of a policy variable such as `aws:username`; undefined when the request has none, or several. */
export type Variables = (key: string) => string | undefined

/** `s3:Get*` against `s3:GetObject`, whatever the case. Actions know no variables. */
export function matchesAction(pattern: string, action: string): boolean {
  return pattern === '*' || matchesPieces(wildcardPieces(pattern.toLowerCase()), action.toLowerCase())
}

/**
 * A whole pattern against a whole text, case-sensitive. A variable without value matches nothing.
 * `variables` undefined: the document is of the version that knows none, so `${` is plain text.
 */
export function matchesText(pattern: string, text: string, variables: Variables | undefined): boolean {
  if (pattern === '*') return true
  const pieces = patternPieces(pattern, variables)
  return pieces !== undefined && matchesPieces(pieces, text)
}

/**
 * An ARN pattern against an ARN: each of the six parts by itself, so that a `*` never reaches across a colon
 * before the resource part. Missing trailing parts count as `*`, as AWS completes them.
 */
export function matchesArn(pattern: string, arn: string, variables: Variables | undefined): boolean {
  if (pattern === '*') return true
  const wanted = arnParts(pattern)
  const parts = arnParts(arn)
  if (parts.length < 6) return pattern === arn
  return parts.every((part, i) => {
    const want = wanted[i]
    return want === undefined || matchesText(want, part, variables)
  })
}

/** The text a pattern stands for where wildcards mean themselves (StringEquals); undefined: a variable has no value. */
export function expandVariables(pattern: string, variables: Variables | undefined): string | undefined {
  if (variables === undefined || !pattern.includes('${')) return pattern
  return patternPieces(pattern, variables)
    ?.map(piece => (piece === anyText ? '*' : piece === anyCharacter ? '?' : piece))
    .join('')
}

// Longer than any one character, so that they are never taken for a literal piece.
const anyText = 'any text'
const anyCharacter = 'any character'
type Piece = string

function patternPieces(pattern: string, variables: Variables | undefined): readonly Piece[] | undefined {
  if (variables === undefined || !pattern.includes('${')) return wildcardPieces(pattern)
  const pieces: Piece[] = []
  let at = 0
  for (const found of pattern.matchAll(/\$\{([^}]*)\}/g)) {
    pieces.push(...wildcardPieces(pattern.slice(at, found.index)))
    const value = variableValue(found[1] ?? '', variables)
    if (value === undefined) return undefined
    pieces.push(...value)
    at = found.index + found[0].length
  }
  pieces.push(...wildcardPieces(pattern.slice(at)))
  return pieces
}

/** Inside `${…}`: an escaped character (`*`, `?`, `$`), or `key`, or `key, 'default'`. */
function variableValue(inside: string, variables: Variables): string | undefined {
  if (inside === '*' || inside === '?' || inside === '$') return inside
  const comma = inside.indexOf(',')
  if (comma < 0) return variables(inside.trim())
  const fallback = /^\s*'(.*)'\s*$/.exec(inside.slice(comma + 1))?.[1]
  return variables(inside.slice(0, comma).trim()) ?? fallback
}

function wildcardPieces(pattern: string): readonly Piece[] {
  return [...pattern].map(c => (c === '*' ? anyText : c === '?' ? anyCharacter : c))
}

/** Greedy match with one step back to the latest `*`: enough for globs, and at worst pattern × text. */
function matchesPieces(pieces: readonly Piece[], text: string): boolean {
  const characters = [...text]
  let p = 0
  let t = 0
  let star = -1
  let resume = 0
  while (t < characters.length) {
    const piece = pieces[p]
    if (piece === anyText) {
      star = p++
      resume = t
    } else if (piece !== undefined && (piece === anyCharacter || piece === characters[t])) {
      p++
      t++
    } else if (star >= 0) {
      p = star + 1
      t = ++resume
    } else return false
  }
  while (pieces[p] === anyText) p++
  return p === pieces.length
}

/** At most six parts: the sixth keeps its colons. Colons inside `${…}` do not part anything. */
function arnParts(arn: string): readonly string[] {
  const parts: string[] = []
  let start = 0
  let inVariable = false
  for (let i = 0; i < arn.length && parts.length < 5; i++) {
    if (arn[i] === '$' && arn[i + 1] === '{') inVariable = true
    else if (arn[i] === '}') inVariable = false
    else if (arn[i] === ':' && !inVariable) {
      parts.push(arn.slice(start, i))
      start = i + 1
    }
  }
  return [...parts, arn.slice(start)]
}
