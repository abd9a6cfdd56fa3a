/** How the editor looks: the colours of the app, which know light and dark by themselves. */
import { EditorView } from '@codemirror/view'

export const look = EditorView.theme({
  '&': {
    border: '1px solid var(--line-control)',
    borderRadius: '4px',
    backgroundColor: 'var(--surface-raised)',
    color: 'var(--text)',
    fontSize: '0.875rem',
  },
  '&.cm-focused': { outline: '2px solid var(--accent)', outlineOffset: '1px' },
  '.cm-content': {
    minHeight: '4.5rem',
    padding: '0.5rem 0',
    fontFamily: 'var(--mantine-font-family-monospace)',
    caretColor: 'var(--text)',
  },
  '.cm-line': { padding: '0 0.7rem', overflowWrap: 'anywhere' },
  '.cm-cursor': { borderLeftColor: 'var(--text)' },
  '.cm-placeholder': { color: 'var(--text-quiet)' },
  '.hg-keyword': { color: 'var(--state-held)', fontWeight: '600' },
  '.hg-function': { color: 'var(--accent)' },
  '.hg-string': { color: 'var(--state-active)' },
  '.hg-punctuation': { color: 'var(--text-quiet)' },
  '.hg-error': { color: 'var(--state-failed)' },
  '&.cm-focused .cm-matchingBracket': { backgroundColor: 'var(--accent-surface)', outline: '1px solid var(--accent)' },
  '.cm-tooltip': {
    maxWidth: 'min(30rem, 90vw)',
    border: '1px solid var(--line-control)',
    borderRadius: '4px',
    backgroundColor: 'var(--surface-raised)',
    color: 'var(--text)',
  },
  '.cm-tooltip .hg-help, .cm-tooltip.cm-completionInfo': { padding: '0.35rem 0.6rem', fontSize: '0.8125rem' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul': {
    fontFamily: 'var(--mantine-font-family-monospace)',
    maxHeight: '14rem',
  },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li': { padding: '0.2rem 0.6rem' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]': {
    backgroundColor: 'var(--accent-surface)',
    color: 'var(--text)',
  },
  '.cm-completionDetail': { color: 'var(--text-quiet)', fontStyle: 'normal' },
  '.cm-diagnostic': { padding: '0.35rem 0.6rem', fontFamily: 'inherit' },
})
