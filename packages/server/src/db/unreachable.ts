/** Telling a database that cannot be reached, or no more, from one that refuses: the same may work in a moment. */

export function isUnreachable(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return ('code' in error && codes.has(String(error.code))) || words.test(error.message)
}

/** Connections refused, cut or shut down: the system's codes and PostgreSQL's classes 08, 53 and 57. */
const codes: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  '08000',
  '08003',
  '08006',
  // No room on its disk: what was asked may be asked again once somebody made some.
  '53100',
  '53300',
  '57P01',
  '57P02',
  '57P03',
])

// The driver's own errors carry no code.
const words = /^(Connection terminated|Client .* is not queryable$|timeout exceeded when trying to connect$)/
