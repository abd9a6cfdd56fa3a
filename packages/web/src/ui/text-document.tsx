/** A document to read, to copy and to keep as a file, folded away until somebody wants it. */
import { Button } from '@mantine/core'
import { download } from './download.ts'
import { CopyText } from './scope-path.tsx'
import classes from './text-document.module.css'

interface Props {
  readonly title: string
  readonly text: string
  /** With it, the document can be downloaded by that name. */
  readonly fileName?: string
}

export function TextDocument({ title, text, fileName }: Props) {
  return (
    <details className={classes.document}>
      <summary>{title}</summary>
      <div className={classes.ways}>
        <span>
          Copy it whole: <CopyText text={text} what={title} />
        </span>
        {fileName !== undefined && (
          <Button
            variant="default"
            size="compact-xs"
            aria-label={`Download ${title}`}
            onClick={() => download(text, fileName, 'application/json')}
          >
            Download
          </Button>
        )}
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <pre tabIndex={0}>
        <code>{text}</code>
      </pre>
    </details>
  )
}
