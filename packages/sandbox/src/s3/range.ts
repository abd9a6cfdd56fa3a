// One byte range of an object, as RFC 9110 writes it and S3 serves it: several ranges at once are served whole.

export interface ByteRange {
  readonly start: number
  /** Last byte, inclusive. */
  readonly end: number
}

/**
 * The part of an object of `size` bytes that `header` asks for.
 * `undefined`: serve it whole (no range, or one S3 does not read); `'unsatisfiable'`: answer 416.
 */
export function requestedRange(header: string | undefined, size: number): ByteRange | 'unsatisfiable' | undefined {
  const match = /^bytes=\s*(\d*)\s*-\s*(\d*)\s*$/.exec(header ?? '')
  if (match === null) return undefined
  const [, first = '', last = ''] = match
  if (first === '' && last === '') return undefined
  if (first === '') return suffixRange(Number(last), size)
  const start = Number(first)
  const end = last === '' ? size - 1 : Math.min(Number(last), size - 1)
  if (last !== '' && Number(last) < start) return undefined
  return start >= size ? 'unsatisfiable' : { start, end }
}

function suffixRange(length: number, size: number): ByteRange | 'unsatisfiable' {
  if (length === 0 || size === 0) return 'unsatisfiable'
  return { start: Math.max(0, size - length), end: size - 1 }
}
