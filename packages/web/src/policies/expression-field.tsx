/** The field for an expression. Editor and grammar are fetched when somebody writes a policy, and not before. */
import { Textarea } from '@mantine/core'
import { lazy, Suspense } from 'react'
import type { ExpressionProps } from './expression/expression.tsx'

const Expression = lazy(async () => ({ default: (await import('./expression/expression.tsx')).Expression }))

export function ExpressionField(props: ExpressionProps) {
  const { label, value, onChange } = props
  return (
    // Until it is there one can write already.
    <Suspense
      fallback={
        <Textarea
          label={label}
          mt="xs"
          autosize
          minRows={3}
          value={value}
          onChange={event => onChange(event.currentTarget.value)}
        />
      }
    >
      <Expression {...props} />
    </Suspense>
  )
}
