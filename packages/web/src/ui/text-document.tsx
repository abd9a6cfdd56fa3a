/** A document to read and to copy, folded away until somebody wants it. */
import { CopyText } from './scope-path.tsx'
import classes from './text-document.module.css'

export function TextDocument({ title, text }: { readonly title: string; readonly text: string }) {
  return (
    <details className={classes.document}>
      <summary>{title}</summary>
      <p>
        Copy it whole: <CopyText text={text} what={title} />
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <pre tabIndex={0}>
        <code>{text}</code>
      </pre>
    </details>
  )
}
