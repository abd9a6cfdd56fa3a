/** The text of an expression: coloured, completed, its problems marked where they are. Tab leaves it, as any field. */
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from '@codemirror/autocomplete'
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands'
import { bracketMatching } from '@codemirror/language'
import { type Diagnostic, setDiagnostics } from '@codemirror/lint'
import { EditorState, type Extension, type Text } from '@codemirror/state'
import {
  Decoration,
  type DecorationSet,
  EditorView,
  hoverTooltip,
  keymap,
  placeholder,
  ViewPlugin,
  type ViewUpdate,
} from '@codemirror/view'
import { highlightsOf, type LanguageContext } from '@headgate/core/policy'
import { useEffect, useRef } from 'react'
import { completeIn, helpOf } from './completion.ts'
import { look } from './look.ts'
import type { Problem } from './problems.ts'

interface Props {
  readonly context: LanguageContext
  readonly labelledBy: string
  readonly describedBy: string
  readonly value: string
  readonly problems: readonly Problem[]
  readonly onChange: (text: string) => void
}

export function TextEditor({ context, labelledBy, describedBy, value, problems, onChange }: Props) {
  const home = useRef<HTMLDivElement>(null)
  const editor = useRef<EditorView>(null)
  const tell = useRef(onChange)
  tell.current = onChange
  const first = useRef(value)
  useEffect(() => {
    const view = new EditorView({
      parent: home.current!,
      state: EditorState.create({
        doc: first.current,
        extensions: [
          ...languages[context],
          EditorView.contentAttributes.of({ 'aria-labelledby': labelledBy, 'aria-describedby': describedBy }),
          EditorView.updateListener.of(({ docChanged, state }) => {
            if (docChanged) tell.current(state.doc.toString())
          }),
        ],
      }),
    })
    editor.current = view
    return () => {
      // What was there comes back where the editor is made again.
      first.current = view.state.doc.toString()
      view.destroy()
    }
  }, [context, labelledBy, describedBy])
  useEffect(() => {
    const { state } = editor.current!
    // Written by other means than this editor.
    if (state.doc.toString() !== value && state.toText(value).toString() !== state.doc.toString())
      editor.current!.dispatch({ changes: { from: 0, to: state.doc.length, insert: value } })
  }, [value])
  const isInError = problems.some(({ severity }) => severity === 'error')
  useEffect(() => {
    const view = editor.current!
    view.dispatch(setDiagnostics(view.state, diagnosticsOf(problems, view.state.doc)))
    view.contentDOM.setAttribute('aria-invalid', String(isInError))
  }, [problems, isInError])
  return <div ref={home} />
}

/** Where a text stands by line and column; what is shorter by now is marked up to its end. */
function diagnosticsOf(problems: readonly Problem[], doc: Text): Diagnostic[] {
  return problems.map(({ severity, message, line, column, length }) => {
    const from = Math.min(doc.line(Math.min(line, doc.lines)).from + column - 1, doc.length)
    const to = Math.min(from + length, doc.length)
    // The end of the text is marked by its last letter.
    return { from: from === to ? Math.max(0, from - 1) : from, to, severity, message }
  })
}

const coloursIn = (context: LanguageContext) =>
  ViewPlugin.fromClass(
    class {
      decorations: DecorationSet
      constructor(view: EditorView) {
        this.decorations = coloursOf(view.state.doc, context)
      }
      update({ docChanged, state }: ViewUpdate) {
        if (docChanged) this.decorations = coloursOf(state.doc, context)
      }
    },
    { decorations: ({ decorations }) => decorations },
  )

function coloursOf(doc: Text, context: LanguageContext): DecorationSet {
  const marks = highlightsOf(doc.toString(), context).map(({ kind, offset, length }) =>
    Decoration.mark({ class: `hg-${kind}` }).range(offset, offset + length),
  )
  return Decoration.set(marks)
}

const help = hoverTooltip((view, at) => {
  const text = view.state.doc.toString()
  const found = highlightsOf(text).find(
    ({ kind, offset, length }) => kind === 'function' && offset <= at && at <= offset + length,
  )
  const words = found && helpOf(text.slice(found.offset + 1, found.offset + found.length))
  if (found === undefined || words === undefined) return null
  return {
    pos: found.offset,
    end: found.offset + found.length,
    above: true,
    create: () => {
      const dom = document.createElement('div')
      dom.className = 'hg-help'
      dom.textContent = words
      return { dom }
    },
  }
})

const languageOf = (context: LanguageContext, example: string): readonly Extension[] => [
  history(),
  EditorView.lineWrapping,
  placeholder(example),
  bracketMatching(),
  closeBrackets(),
  autocompletion({ override: [completeIn(context)], activateOnTypingDelay: 150, icons: false }),
  coloursIn(context),
  help,
  keymap.of([...closeBracketsKeymap, ...completionKeymap, ...historyKeymap, ...defaultKeymap]),
  look,
]

const languages: Readonly<Record<LanguageContext, readonly Extension[]>> = {
  policy: languageOf('policy', "@isInGroups('Analysts') AND @hasAttribute('country', 'FR')"),
  flow: languageOf('flow', "@isInGroups('Analysts') AND @levelIs('READ')"),
}
