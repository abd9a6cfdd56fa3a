/** What an editor offers at the caret: what core's grammar says fits there, with the names in use asked of the API. */
import {
  type Completion,
  type CompletionContext,
  type CompletionResult,
  pickedCompletion,
  startCompletion,
} from '@codemirror/autocomplete'
import type { EditorView } from '@codemirror/view'
import {
  type AnyFunctionName,
  completionAt,
  functionNamesIn,
  isFunctionName,
  type LanguageContext,
  languageFunctions,
  levels,
  principalKinds,
  printString,
  usageOf,
} from '@headgate/core/policy'
import { principalKindWords, sentence } from '../../ui/words.ts'
import { namesInUse } from './names-in-use.ts'

type Offer = NonNullable<ReturnType<typeof completionAt>>
type Argument = Extract<Offer, { kind: 'argument' }>

/** For expressions of a policy, or of a review flow. */
export function completeIn(language: LanguageContext) {
  return (context: CompletionContext) => complete(context, language)
}

async function complete(context: CompletionContext, language: LanguageContext): Promise<CompletionResult | null> {
  const offer = completionAt(context.state.doc.toString(), context.pos, language)
  if (offer === undefined) return null
  if (offer.kind === 'argument') return namesFor(offer, context)
  if (offer.typed === '' && !context.explicit) return null
  return { from: offer.from, options: offer.kind === 'term' ? termsIn(language) : operators, validFor: /^@?\w*$/ }
}

const termsIn = (language: LanguageContext): readonly Completion[] => [
  ...functionNamesIn(language).map(name => ({
    label: `@${name}`,
    type: 'function',
    info: `${usageOf(name)}: true when ${languageFunctions[name].trueWhen}`,
    apply: (view: EditorView, picked: Completion, from: number, to: number) =>
      insert(view, picked, { from, to, ...beginningOf(name) }),
  })),
  { label: 'NOT', type: 'keyword', info: 'the opposite of what follows', apply: 'NOT ' },
]

const operators: readonly Completion[] = [
  { label: 'AND', type: 'keyword', info: 'both must be true', apply: 'AND ' },
  { label: 'OR', type: 'keyword', info: 'one of them must be true', apply: 'OR ' },
]

/** A call with the caret where its first name goes; complete where there is nothing to choose. */
function beginningOf(name: AnyFunctionName): { text: string; caret: number } {
  const fixed = languageFunctions[name].arguments.map(kind => (kind === 'dataSource' ? 'dataSource' : ''))
  const args = fixed.slice(0, languageFunctions[name].atLeast).map(printString).join(', ')
  const text = `@${name}(${args})`
  return { text, caret: fixed[0] === '' ? name.length + 3 : text.length }
}

async function namesFor(offer: Argument, context: CompletionContext): Promise<CompletionResult | null> {
  const names = await namesOf(offer, context).catch(() => [])
  if (context.aborted || names.length === 0) return null
  return {
    from: offer.from + (offer.isQuoted ? 1 : 0),
    // The API has chosen and sorted them.
    filter: false,
    options: names.map(({ name, detail }) => ({
      label: name,
      ...(detail !== undefined && { detail }),
      type: offer.names,
      apply: (view, picked, _from, to) => fillIn(view, picked, offer, { name, to }),
    })),
  }
}

async function namesOf(
  { names: kind, key, typed }: Argument,
  context: CompletionContext,
): Promise<readonly { readonly name: string; readonly detail?: string }[]> {
  switch (kind) {
    case 'dataSource':
      return [{ name: kind, detail: 'the one that is asked about' }]
    case 'principal':
      return principalKinds.map(name => ({ name, detail: principalKindWords[name] }))
    case 'level':
      return levels.map(name => ({ name }))
    case 'duration':
      return ['30d', '90d', '1y'].map(name => ({ name }))
    case 'group':
    case 'user':
    case 'key':
    case 'value': {
      const given = new AbortController()
      context.addEventListener('abort', () => given.abort(), { onDocChange: true })
      const found = await namesInUse({ kind, key, search: typed }, given.signal)
      return found.map(name => ({ name }))
    }
    default:
      return []
  }
}

/** Puts a name in quotes where it was begun; after an attribute's key its value comes next. */
function fillIn(view: EditorView, picked: Completion, offer: Argument, { name, to }: { name: string; to: number }) {
  const { from, names, isQuoted } = offer
  const rest = view.state.sliceDoc(to)
  const isClosed = isQuoted && rest.startsWith(view.state.sliceDoc(from, from + 1))
  const after = isClosed ? rest.slice(1) : rest
  const isInAttribute = /@hasAttribute\(\s*$/.test(view.state.sliceDoc(0, from))
  const asksForValue = names === 'key' && isInAttribute && /^\s*(\)|$)/.test(after)
  const text = printString(name) + (asksForValue ? ", ''" : '')
  insert(view, picked, { from, to: isClosed ? to + 1 : to, text, caret: asksForValue ? text.length - 1 : text.length })
}

interface Insertion {
  readonly from: number
  readonly to: number
  readonly text: string
  /** From its beginning. */
  readonly caret: number
}

function insert(view: EditorView, picked: Completion, { from, to, text, caret }: Insertion) {
  view.dispatch({
    changes: { from, to, insert: text },
    selection: { anchor: from + caret },
    annotations: pickedCompletion.of(picked),
    userEvent: 'input.complete',
    scrollIntoView: true,
  })
  // Inside of it the next name can be picked at once.
  if (caret < text.length) startCompletion(view)
}

/** What a function is, for whoever points at it. */
export function helpOf(name: string): string | undefined {
  return isFunctionName(name) ? `${usageOf(name)} · ${sentence(languageFunctions[name].trueWhen)}.` : undefined
}
