/** What an event changed: each field, what it was and what it became; nothing for events that change none. */
import classes from './changes.module.css'

interface Props {
  readonly before: unknown
  readonly after: unknown
}

export function Changes({ before, after }: Props) {
  const [was, is] = [fieldsOf(before), fieldsOf(after)]
  const names = [...new Set([...Object.keys(was), ...Object.keys(is)])]
  const rows = names
    .map(name => ({ name, was: textOf(was[name]), is: textOf(is[name]) }))
    .filter(row => row.was !== row.is)
  if (rows.length === 0) return null
  return (
    <dl className={classes.changes}>
      {rows.map(({ name, was, is }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            <Value text={was} />
            <span aria-hidden="true"> → </span>
            <span className="visually-hidden"> became </span>
            <Value text={is} />
          </dd>
        </div>
      ))}
    </dl>
  )
}

function Value({ text }: { readonly text: string | undefined }) {
  if (text === undefined) return <span className="quiet">nothing</span>
  return <span>{text}</span>
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}
}

function textOf(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined
  return typeof value === 'string' ? value : JSON.stringify(value)
}
