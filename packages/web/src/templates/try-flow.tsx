/** What would become of a request now by a review flow: which rule, which stages, who could decide. Nothing is stored. */
import { Checkbox, TextInput } from '@mantine/core'
import { useState } from 'react'
import { hg } from '../api.ts'
import { FindChoice } from '../people/find-choice.tsx'
import { findPeople } from '../people/find-subjects.ts'
import forms from '../ui/form.module.css'
import { Refusal } from '../ui/refusal.tsx'
import { ServerText } from '../ui/server-text.tsx'
import { StateBadge } from '../ui/state-badge.tsx'
import { useWrite } from '../ui/use-write.ts'

type Tried = Awaited<ReturnType<typeof hg.reviewFlows.tryOut>>

export function TryFlow({ id }: { readonly id: number }) {
  const [isWrite, setWrite] = useState(false)
  const [duration, setDuration] = useState('30d')
  const attempt = useWrite((beneficiary: number) =>
    hg.reviewFlows.tryOut({
      params: { id },
      body: {
        beneficiary,
        level: isWrite ? 'WRITE' : 'READ',
        ...(duration.trim() !== '' && { duration: duration.trim() }),
      },
    }),
  )
  return (
    <details>
      <summary>Try it: what would become of somebody's request?</summary>
      <div className={forms.row}>
        <TextInput
          label="For how long"
          description="Empty: without an end."
          value={duration}
          onChange={event => setDuration(event.currentTarget.value)}
        />
        <Checkbox
          label="To write, which includes delete"
          checked={isWrite}
          onChange={event => setWrite(event.currentTarget.checked)}
        />
      </div>
      <FindChoice what="person" verb="Try it for them" find={findPeople} onPick={one => attempt.mutate(one.id)} />
      <Refusal error={attempt.error} />
      {attempt.data !== undefined && <Result tried={attempt.data} />}
    </details>
  )
}

const excludedWords: Readonly<Record<Tried['excluded'][number]['why'], string>> = {
  requester: 'asks',
  opener: 'opened the account that asks',
  beneficiary: 'is whom it is for',
  flowEditor: 'edited this flow last',
  assumesRole: 'can assume the role',
}

function Result({ tried: { rule, outcome, duration, stages, excluded } }: { readonly tried: Tried }) {
  return (
    <div aria-live="polite">
      <p>
        {rule === undefined ? 'No rule holds, so what is said otherwise counts. ' : `Rule ${rule + 1} holds. `}
        {outcome === 'approve'
          ? `Approved at once, ${duration === undefined ? 'without an end' : `for ${duration}`}.`
          : 'People decide:'}
      </p>
      <ol>
        {stages.map(({ match, criteria, stuck }, place) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: stages have an order and nothing else
          <li key={place}>
            {match === 'any' ? 'one of' : 'a different person for each of'}:{' '}
            <ServerText
              text={criteria.map(({ text, count, people }) => `${text} (${names(people, count)})`).join('; ')}
            />{' '}
            {stuck && <StateBadge tone="failed" word="Nobody can complete it" />}
          </li>
        ))}
      </ol>
      {excluded.length > 0 && (
        <p className="quiet">
          Never decides it: {excluded.map(({ user, why }) => `${user.name}, who ${excludedWords[why]}`).join('; ')}.
        </p>
      )}
    </div>
  )
}

function names(people: readonly { readonly name: string }[], count: number): string {
  if (count === 0) return 'nobody'
  const first = people.slice(0, 3).map(({ name }) => name)
  return count > first.length ? `${first.join(', ')} and ${count - first.length} more` : first.join(', ')
}
