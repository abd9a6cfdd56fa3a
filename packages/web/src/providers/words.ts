/** What an identity provider is and says, in words; and lists as people type them. */
import type { StateWords } from '../ui/words.ts'

export function enabledWords(enabled: boolean): StateWords {
  return enabled ? { tone: 'active', word: 'Enabled' } : { tone: 'unmapped', word: 'Switched off' }
}

/** One thing a line: names may hold commas. */
export function linesOf(text: string): string[] {
  return text.split('\n').flatMap(line => (line.trim() === '' ? [] : [line.trim()]))
}

/** `department = Department`: where something stands, and the key that it is here. Undefined where a line is none. */
export function pairsOf(text: string): readonly (readonly [from: string, key: string])[] | undefined {
  const pairs = linesOf(text).map(line => {
    const cut = line.lastIndexOf('=')
    return [line.slice(0, Math.max(cut, 0)).trim(), line.slice(cut + 1).trim()] as const
  })
  return pairs.every(([from, key]) => from !== '' && key !== '') ? pairs : undefined
}
