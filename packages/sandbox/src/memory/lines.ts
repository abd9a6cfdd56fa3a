/** The lines of a file too large for one string; a last one without its end is left out. */
export function* linesOf(content: Buffer): Generator<string> {
  let start = 0
  for (let end = content.indexOf('\n'); end >= 0; end = content.indexOf('\n', start)) {
    yield content.toString('utf8', start, end)
    start = end + 1
  }
}
