/** How two versions of a policy differ, field by field: side by side, one below the other where it is narrow. */
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { hg } from '../api.ts'
import { Answer } from '../ui/answer.tsx'
import { listQuery } from '../ui/list-query.ts'
import { policyKindWords, policyStateWords } from '../ui/words.ts'
import { AppliesTo } from './applies-to.tsx'
import classes from './policy-page.module.css'
import { WhoTakes } from './who-takes.tsx'

type Diff = Awaited<ReturnType<typeof hg.policies.diff>>
type FieldChange = Diff['changes'][number]

interface Props {
  readonly policy: number
  readonly from: number
  readonly to: number
}

export function VersionDiff({ policy, from, to }: Props) {
  const diff = useQuery({
    ...listQuery,
    queryKey: ['policy-diff', policy, from, to],
    queryFn: () => hg.policies.diff({ params: { id: policy }, query: { from, to } }),
    refetchInterval: false,
  })
  return (
    <Answer query={diff} what="what changed">
      {({ changes, from: before, to: after }) =>
        changes.length === 0 ? (
          <p className="quiet">{before.version === after.version ? 'Choose two versions.' : 'They say the same.'}</p>
        ) : (
          <dl className={classes.diff}>
            {changes.map(change => (
              <div key={change.field}>
                <dt>{fieldWords[change.field]}</dt>
                <dd>
                  <Field change={change} kinds={[before.kind, after.kind]} />
                </dd>
              </div>
            ))}
          </dl>
        )
      }
    </Answer>
  )
}

interface FieldProps {
  readonly change: FieldChange
  readonly kinds: readonly [Diff['from']['kind'], Diff['to']['kind']]
}

function Field({ change, kinds: [kindBefore, kindAfter] }: FieldProps) {
  switch (change.field) {
    case 'who':
      if (change.expression?.some(({ is }) => is !== 'same')) return <Merged parts={change.expression} />
      return (
        <Sides
          before={<WhoTakes who={change.before} kind={kindBefore} />}
          after={<WhoTakes who={change.after} kind={kindAfter} />}
        />
      )
    case 'appliesTo':
      return <Sides before={<AppliesTo appliesTo={change.before} />} after={<AppliesTo appliesTo={change.after} />} />
    case 'kind':
      return <Sides before={policyKindWords[change.before]} after={policyKindWords[change.after]} />
    case 'state':
      return <Sides before={stateWord(change.before)} after={stateWord(change.after)} />
    case 'discoverable':
      return <Sides before={change.before ? 'By everybody' : 'No'} after={change.after ? 'By everybody' : 'No'} />
    default:
      return <Sides before={change.before || 'nothing'} after={change.after || 'nothing'} />
  }
}

function Sides({ before, after }: { readonly before: ReactNode; readonly after: ReactNode }) {
  return (
    <div className={classes.sides}>
      <div data-side="before">
        <span className="quiet small">Before</span>
        <div>{before}</div>
      </div>
      <div data-side="after">
        <span className="quiet small">After</span>
        <div>{after}</div>
      </div>
    </div>
  )
}

/** Both expressions in one, what went struck out and what came underlined. */
function Merged({ parts }: { readonly parts: NonNullable<Extract<FieldChange, { field: 'who' }>['expression']> }) {
  return (
    <pre className={classes.merged}>
      {parts.map(({ is, text }, place) => {
        // biome-ignore lint/suspicious/noArrayIndexKey: a part is what stands at that place
        if (is === 'same') return <span key={place}>{text}</span>
        // biome-ignore lint/suspicious/noArrayIndexKey: a part is what stands at that place
        return is === 'removed' ? <del key={place}>{text}</del> : <ins key={place}>{text}</ins>
      })}
    </pre>
  )
}

function stateWord(state: Diff['from']['state']): string {
  return state === 'deleted' ? 'Deleted' : policyStateWords[state].word
}

const fieldWords: Readonly<Record<FieldChange['field'], string>> = {
  name: 'Name',
  kind: 'Kind',
  level: 'Level',
  appliesTo: 'Applies to',
  who: 'Whom it takes',
  subscribe: 'Subscribing',
  discoverable: 'May be found',
  description: 'Why it exists',
  state: 'State',
}
