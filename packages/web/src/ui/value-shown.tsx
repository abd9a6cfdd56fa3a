/** A value of any shape in a comparison: a text as it is, the rest as JSON. */

export function ValueShown({ value }: { readonly value: unknown }) {
  if (value === undefined || value === null || value === '') return <span className="quiet">nothing</span>
  if (typeof value === 'string') return <span style={{ whiteSpace: 'pre-wrap' }}>{value}</span>
  return <code style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>{JSON.stringify(value, undefined, 1)}</code>
}
