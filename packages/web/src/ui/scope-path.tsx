/** An S3 path: monospace, shortened in its middle so that bucket and last segment stay, whole to copy and to hear. */
import { useClipboard } from '@mantine/hooks'
import { IconCheck, IconCopy } from '@tabler/icons-react'
import classes from './scope-path.module.css'

export function ScopePath({ scope, canCopy = true }: { readonly scope: string; readonly canCopy?: boolean }) {
  const [first, middle, last] = partsOf(scope)
  return (
    <span className={classes.scope}>
      <span className={classes.path} title={scope} data-path>
        <span className={classes.end}>{first}</span>
        <span className={classes.middle}>{middle}</span>
        <span className={classes.end}>{last}</span>
      </span>
      {canCopy && <CopyText text={scope} what={`the path ${scope}`} />}
    </span>
  )
}

export function CopyText({ text, what }: { readonly text: string; readonly what: string }) {
  const { copied, copy } = useClipboard({ timeout: 1500 })
  const Icon = copied ? IconCheck : IconCopy
  return (
    <button type="button" className={classes.copy} aria-label={`Copy ${what}`} title="Copy" onClick={() => copy(text)}>
      <Icon size={15} aria-hidden="true" />
      <span className="visually-hidden" aria-live="polite">
        {copied ? 'Copied' : ''}
      </span>
    </button>
  )
}

/** `s3://bucket/` · what may be left out · the last segment with its slash and star. */
export function partsOf(scope: string): [string, string, string] {
  const bucketEnd = scope.indexOf('/', 's3://'.length) + 1
  const lastStart = scope.replace(/\/?\*?$/, '').lastIndexOf('/')
  if (bucketEnd <= 0 || lastStart < bucketEnd) return [scope.slice(0, bucketEnd), '', scope.slice(bucketEnd)]
  return [scope.slice(0, bucketEnd), scope.slice(bucketEnd, lastStart), scope.slice(lastStart)]
}
