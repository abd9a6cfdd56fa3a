/**
 * Names as people type them: the one form that is stored, and what makes two of them the same.
 *
 * Stored and compared by policies is the NFC form with single spaces. Two names are taken for one another when their
 * keys are equal, whatever their case or width; a new name is refused when it merely looks like one that is there.
 * Nothing here is guessed: what cannot be a name is refused with the reason. docs/decisions/0007-names.md says why.
 */
import { Problem } from './errors.ts'

/**
 * A user name, a group's name, an attribute's key, a provider's name, as it is stored.
 * `normalName(' Data  Stewards ')` is `Data Stewards`.
 * @throws Problem `name-invalid` with the reason
 */
export function normalName(text: string): string {
  return refusing(text, nameFault)
}

/** What is no name but compared like one: an attribute's value, a tag. Throws Problem `name-invalid`. */
export function normalValue(text: string): string {
  return refusing(text, valueFault)
}

/** NFC, every run of spaces one space, none at the ends. Refuses nothing. */
export function normalText(text: string): string {
  return text
    .normalize('NFC')
    .replaceAll(/\p{Zs}+/gu, ' ')
    .trim()
}

/** Why a text in its normal form cannot be a name, as the end of a sentence: `must not …`. */
export function nameFault(name: string): string | undefined {
  return valueFault(name) ?? mixtureFault(name)
}

/** The same of a value: it may mix scripts. */
export function valueFault(value: string): string | undefined {
  if (value === '') return 'must not be empty'
  const refused = refusedCharacter.exec(value)?.[0]
  return refused === undefined ? leadingMarkFault(value) : characterFault(refused)
}

/** The same of what is only shown, such as a person's full name: scripts and emoji that join characters may do so. */
export function shownFault(text: string): string | undefined {
  return valueFault(text.replaceAll(joining, ''))
}

/**
 * What two names have in common that mean the same: NFKC, without case. The same as `name_key` in SQL.
 * `nameKey('Ann.Lee')` equals `nameKey('ANN.LEE')`.
 */
export function nameKey(name: string): string {
  return Array.from(name.normalize('NFKC'), foldCase).join('').normalize('NFKC')
}

/** What two names have in common that cannot be told apart by looking. The same as `look_alike` in SQL. */
export function lookAlike(name: string): string {
  return Array.from(nameKey(name), letter => homographs.get(letter) ?? letter).join('')
}

function refusing(text: string, faultOf: (text: string) => string | undefined): string {
  const normal = normalText(text)
  const reason = faultOf(normal)
  if (reason !== undefined) throw new Problem('name-invalid', { name: printable(normal), reason })
  return normal
}

/** Control, format (bidirectional ones too), surrogate, private use, unassigned, line ends, and whatever shows nothing. */
const refusedCharacter = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u

/** Zero-width joiners and variation selectors: Persian and Indic names and emoji are written with them. */
const joining = /\u200c|\u200d|[\ufe00-\ufe0f]/gu

function characterFault(character: string): string {
  const point = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')
  const kind = /\p{Cc}/u.test(character)
    ? 'control'
    : /\p{Cn}|\p{Co}|\p{Cs}/u.test(character)
      ? 'unassigned'
      : 'invisible'
  return `must not hold the ${kind} character U+${point}: remove it`
}

function leadingMarkFault(text: string): string | undefined {
  return /^\p{M}/u.test(text) ? 'must not begin with an accent that stands alone' : undefined
}

function printable(text: string): string {
  return text.slice(0, 255).toWellFormed().replaceAll(/\p{C}/gu, '\ufffd')
}

// ── Look-alikes ──

/** Scripts whose letters pass for one another's, with those that a word may hold beside it (UTS 39, 5.2). */
const scripts = {
  Latin: 'Han Hiragana Katakana Bopomofo Hangul',
  Cyrillic: '',
  Greek: '',
  Armenian: '',
  Cherokee: '',
  Coptic: '',
  Georgian: '',
  Lisu: '',
} as const

const mixtures = Object.entries(scripts).map(([script, beside]) => {
  const allowed = [script, ...beside.split(' ').filter(other => other !== ''), 'Common', 'Inherited']
  const classes = allowed.map(other => `\\p{Script_Extensions=${other}}`).join('')
  return { script, holds: new RegExp(`\\p{Script=${script}}`, 'u'), other: new RegExp(`[^${classes}]`, 'u') }
})

/** A word of one script that borrows a letter of another reads as what it is not: `pаypal` with a Cyrillic `а`. */
function mixtureFault(name: string): string | undefined {
  for (const word of name.match(/[\p{L}\p{M}]+/gu) ?? []) {
    for (const { script, holds, other } of mixtures) {
      const stranger = holds.test(word) ? other.exec(word)?.[0] : undefined
      if (stranger !== undefined) {
        return `must not mix ${script} letters with \`${stranger}\` of another script in \`${printable(word)}\`: write the word in one script`
      }
    }
  }
  return undefined
}

/** One code point for one: `ß` is no `ss`, since Weiß and Weiss are two people. */
function foldCase(character: string): string {
  const upper = character.toUpperCase()
  const [lower] = (isOne(upper) ? upper : character).toLowerCase()
  return lower ?? character
}

function isOne(text: string): boolean {
  return text.length === ((text.codePointAt(0) ?? 0) > 0xffff ? 2 : 1)
}

/** Small letters, folded, of which either form looks like that of a Latin letter. The same two lines stand in SQL. */
const [lookingLike, latin] = ['авсԁенһіјкӏморԛѕтуѵԝхёїαβεηικνορτυχ', 'abcdehhijklmopqstyvwxëïabehiknoptyx'] as const
const homographs = new Map(Array.from(lookingLike, (letter, at) => [letter, [...latin][at] ?? letter]))
