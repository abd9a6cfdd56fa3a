/** The designer of review flows: rules in order, of which the first that holds counts, and what holds otherwise. */
import '@mantine/core/styles/Radio.layer.css'
import { Radio, TextInput } from '@mantine/core'
import { ExpressionField } from '../policies/expression-field.tsx'
import { noReview } from '../policies/review-draft.ts'
import { ReviewFields } from '../policies/review-fields.tsx'
import forms from '../ui/form.module.css'
import { OrderedList } from '../ui/ordered-list.tsx'
import { newRule, type OutcomeDraft, printFlow, readFlow } from './flow-draft.ts'
import { outcomeWords } from './flow-words.ts'
import type { DesignerProps } from './kind.ts'
import classes from './template.module.css'

export function FlowDesigner({ text, onChange }: DesignerProps) {
  const flow = readFlow(text)
  if (flow === undefined) return null
  const { rules, otherwise } = flow
  return (
    <>
      <p className="quiet small">
        The first rule whose condition holds for the person asked for counts; the others are not looked at. Nobody ever
        decides about themselves.
      </p>
      <OrderedList
        items={rules}
        one="Rule"
        add={rules.length === 0 ? 'Add a rule for some requests' : 'Add a rule'}
        most={50}
        beginning={() => newRule}
        onChange={changed => onChange(printFlow({ rules: changed, otherwise }))}
      >
        {(rule, put, title) => (
          <>
            <ExpressionField
              label={`${title}: when`}
              kind="flow"
              value={rule.if}
              onChange={condition => put({ ...rule, if: condition })}
            />
            <Outcome title={title} outcome={rule.outcome} onChange={outcome => put({ ...rule, outcome })} />
          </>
        )}
      </OrderedList>
      <fieldset className={forms.part}>
        <legend>{rules.length === 0 ? 'For every request' : 'Otherwise'}</legend>
        <Outcome
          title={rules.length === 0 ? 'For every request' : 'Otherwise'}
          outcome={otherwise}
          onChange={outcome => onChange(printFlow({ rules, otherwise: outcome }))}
        />
      </fieldset>
    </>
  )
}

interface OutcomeProps {
  readonly title: string
  readonly outcome: OutcomeDraft
  readonly onChange: (outcome: OutcomeDraft) => void
}

function Outcome({ title, outcome, onChange }: OutcomeProps) {
  return (
    <>
      <Radio.Group
        label="What happens"
        value={outcome.kind}
        onChange={kind => onChange(kind === 'approve' ? { kind, for: '30d' } : { kind: 'review', stages: noReview })}
      >
        <div className={forms.row}>
          <Radio value="review" label="People decide" />
          <Radio value="approve" label="Approved at once" />
        </div>
      </Radio.Group>
      {outcome.kind === 'approve' ? (
        <TextInput
          label="For at most"
          aria-label={`${title}: for at most`}
          description="Such as 30d. Empty: for as long as is asked for."
          value={outcome.for}
          onChange={event => onChange({ kind: 'approve', for: event.currentTarget.value })}
        />
      ) : (
        <ReviewFields stages={outcome.stages} onChange={stages => onChange({ kind: 'review', stages })} />
      )}
      <OutcomeSays outcome={outcome} />
    </>
  )
}

/** The same in words, stage by stage. */
export function OutcomeSays({ outcome }: { readonly outcome: OutcomeDraft }) {
  const words = outcomeWords(outcome)
  return (
    <ol className={classes.says}>
      {words.map((sentence, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a stage is what stands at that place
        <li key={place}>
          {words.length > 1 && <strong>Stage {place + 1}. </strong>}
          {sentence}
        </li>
      ))}
    </ol>
  )
}
