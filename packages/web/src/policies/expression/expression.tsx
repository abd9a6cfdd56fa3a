/**
 * An expression, written in a builder or as text: the same tree, both ways. What the builder cannot show stays text, and
 * is said so.
 */
import { type LanguageContext, parseIn, printExpression } from '@headgate/core/policy'
import { Button } from '@mantine/core'
import { useId, useState } from 'react'
import { ServerText } from '../../ui/server-text.tsx'
import { Builder } from './builder.tsx'
import classes from './expression.module.css'
import { type Asked, contextOf, type Problem, useRead } from './problems.ts'
import { deepest, emptyRow, expressionOfRows, isUntouched, type Rows, rowsOf } from './rows.ts'
import { TextEditor } from './text-editor.tsx'

export interface ExpressionProps {
  readonly label: string
  /** Of a policy, or of a review flow, which may ask about requests as well. */
  readonly kind: Asked['kind']
  readonly appliesTo?: Asked['appliesTo']
  readonly value: string
  /** With nothing while a row of the builder is unfinished. */
  readonly onChange: (text: string) => void
}

export function Expression({ label, kind, appliesTo, value, onChange }: ExpressionProps) {
  const [labelId, problemsId] = [useId(), useId()]
  const { expression, problems } = useRead(value, { kind, appliesTo })
  const context = contextOf(kind)
  const [rows, setRows] = useState<Rows>()
  const possible = value.trim() === '' ? nothingYet : expression && rowsOf(expression)
  // Going over to the text would lose what is not finished.
  const isEmpty = rows !== undefined && isUntouched(rows)
  const isUnfinished = rows !== undefined && expressionOfRows(rows) === undefined
  return (
    <div className={classes.expression}>
      <div className={classes.head}>
        <span id={labelId} className={classes.label}>
          {label}
        </span>
        <span className={classes.ways}>
          <Way
            name="Text"
            isTaken={rows === undefined}
            isOpen={!isUnfinished || isEmpty}
            take={() => setRows(undefined)}
          />
          <Way
            name="Builder"
            isTaken={rows !== undefined}
            isOpen={possible !== undefined}
            take={() => possible && setRows(possible)}
          />
        </span>
      </div>
      {rows === undefined ? (
        <TextEditor
          context={context}
          labelledBy={labelId}
          describedBy={problemsId}
          value={value}
          problems={problems}
          onChange={onChange}
        />
      ) : (
        <Builder
          rows={rows}
          context={context}
          onChange={changed => {
            setRows(changed)
            const written = expressionOfRows(changed)
            onChange(written === undefined ? '' : printExpression(written))
          }}
        />
      )}
      {rows === undefined && possible === undefined && expression !== undefined && (
        <p className="quiet small">
          The builder shows groups inside of groups {deepest} deep; this is nested deeper and stays text.
        </p>
      )}
      {isUnfinished && (
        <p className="quiet small">
          A condition is not finished: fill it in or remove it. Until then it cannot be stored.
        </p>
      )}
      {rows !== undefined && value !== '' && <code className={classes.written}>{value}</code>}
      <ul id={problemsId} className={classes.problems} aria-live="polite">
        {problems.map(problem => (
          <li key={`${problem.line} ${problem.column} ${problem.message}`} data-severity={problem.severity}>
            <ProblemWords problem={problem} isOneLine={!value.includes('\n')} />
          </li>
        ))}
      </ul>
      {expression !== undefined && rows === undefined && printExpression(expression) !== value && (
        <div>
          <Button variant="subtle" size="compact-xs" onClick={() => onChange(tidied(value, context))}>
            Tidy it up
          </Button>
        </div>
      )}
    </div>
  )
}

const nothingYet: Rows = { match: 'all', rows: [emptyRow('isInAnyGroup')] }

interface WayProps {
  readonly name: string
  readonly isTaken: boolean
  readonly isOpen: boolean
  readonly take: () => void
}

function Way({ name, isTaken, isOpen, take }: WayProps) {
  return (
    <button type="button" aria-pressed={isTaken} disabled={!isTaken && !isOpen} onClick={take}>
      {name}
    </button>
  )
}

function ProblemWords({ problem, isOneLine }: { readonly problem: Problem; readonly isOneLine: boolean }) {
  const { severity, line, column, message } = problem
  return (
    <>
      <strong>{severity === 'error' ? 'Error' : 'Look at this'}</strong>{' '}
      <span className="quiet">
        ({!isOneLine && `line ${line}, `}column {column})
      </span>{' '}
      <ServerText text={message} />
    </>
  )
}

/** The same in its canonical form. */
function tidied(text: string, context: LanguageContext): string {
  const read = parseIn(context, text)
  return read.ok ? printExpression(read.expression) : text
}
