/**
 * Finds a key that stands twice in one object of a JSON text.
 *
 * `JSON.parse` keeps the last of the two without a word, while a reader of the text, a proxy or a log may go by the
 * first. One pass over text that `JSON.parse` has accepted already; nothing else is checked.
 */

/** The first key that is repeated, or undefined. */
export function findRepeatedKey(json: string): string | undefined {
  // One entry for each open bracket: the keys seen so far, or undefined in an array.
  const open: (Set<string> | undefined)[] = []
  let expectsKey = false
  for (let at = 0; at < json.length; at += 1) {
    switch (json.charCodeAt(at)) {
      case 0x7b: // {
        open.push(new Set())
        expectsKey = true
        break
      case 0x5b: // [
        open.push(undefined)
        expectsKey = false
        break
      case 0x7d: // }
      case 0x5d: // ]
        open.pop()
        break
      case 0x2c: // ,
        expectsKey = open.at(-1) !== undefined
        break
      case 0x22: {
        const end = endOfString(json, at)
        const keys = open.at(-1)
        if (expectsKey && keys) {
          const key = keyBetween(json, at, end)
          if (keys.has(key)) return key
          keys.add(key)
          expectsKey = false
        }
        at = end
      }
    }
  }
  return undefined
}

/** The index of the quote that closes the string opened at `start`. */
function endOfString(json: string, start: number): number {
  let end = json.indexOf('"', start + 1)
  while (isEscaped(json, end)) end = json.indexOf('"', end + 1)
  return end
}

function isEscaped(json: string, quote: number): boolean {
  let backslashes = 0
  while (json.charCodeAt(quote - 1 - backslashes) === 0x5c) backslashes += 1
  return backslashes % 2 === 1
}

function keyBetween(json: string, start: number, end: number): string {
  const raw = json.slice(start + 1, end)
  return raw.includes('\\') ? String(JSON.parse(json.slice(start, end + 1))) : raw
}
