/** Asking for access: first what it would change, then the form of the product, in under a minute. */
import '@mantine/core/styles/ScrollArea.layer.css'
import '@mantine/core/styles/Popover.layer.css'
import '@mantine/core/styles/Combobox.layer.css'
import '@mantine/core/styles/CloseButton.layer.css'
import '@mantine/core/styles/Radio.layer.css'
import type { AccessStatus } from '@headgate/core/api'
import { Button, Checkbox, Radio, Select, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { hg } from '../api.ts'
import { useMe } from '../me.ts'
import { Answer } from '../ui/answer.tsx'
import forms from '../ui/form.module.css'
import { Section } from '../ui/page.tsx'
import { Refusal } from '../ui/refusal.tsx'
import { useWrite } from '../ui/use-write.ts'
import { AccessStatusTable } from './access-status.tsx'
import { type AnswerValue, FormField } from './form-field.tsx'
import { MarkdownText } from './markdown.tsx'
import type { Level, Subject } from './subject.ts'
import { WhoDecides } from './who-decides.tsx'

export function Ask({ subject }: { readonly subject: Subject }) {
  const me = useMe()
  const [level, setLevel] = useState<Level>(subject.levels.includes('READ') ? 'READ' : 'WRITE')
  const [beneficiary, setBeneficiary] = useState<string>()
  const others = useQuery({
    queryKey: ['beneficiaries'],
    queryFn: () => hg.requests.beneficiaries({ query: { limit: 1000 } }),
  })
  const about = { level, ...(beneficiary !== undefined && { for: beneficiary }) }
  const status = useQuery({
    queryKey: ['access-status', subject.key, about],
    queryFn: () => subject.status(about),
  })
  const people = others.data?.items ?? []
  return (
    <Section title="Ask for access">
      <div className={forms.fields}>
        {subject.levels.length > 1 && (
          <Radio.Group
            label="What do you want to do with it?"
            value={level}
            onChange={value => setLevel(value as typeof level)}
          >
            <div className={forms.row}>
              <Radio value="READ" label="Read" />
              <Radio value="WRITE" label="Read, write and delete" />
            </div>
          </Radio.Group>
        )}
        {people.length > 0 && (
          <Select
            label="For whom?"
            clearable
            searchable
            placeholder={`Myself (${me.userid})`}
            data={people.map(({ id, userid, kind }) => ({
              value: String(id),
              label: `${userid} (${kind === 'service' ? 'service' : 'stands for a role'})`,
            }))}
            value={beneficiary ?? null}
            onChange={value => setBeneficiary(value ?? undefined)}
          />
        )}
      </div>
      <Answer query={status} what="what it would change">
        {found => (
          <>
            <AccessStatusTable status={found} />
            {found.requestable ? (
              <RequestForm key={`${level} ${beneficiary}`} subject={subject} status={found} />
            ) : (
              <p>
                {(found.why && whyNot[found.why]) ?? 'It cannot be asked for now.'}{' '}
                {found.waiting !== undefined && (
                  <Link to="/requests/$id" params={{ id: String(found.waiting) }}>
                    See the request that waits.
                  </Link>
                )}
              </p>
            )}
          </>
        )}
      </Answer>
    </Section>
  )
}

/** Why nobody may ask for this now, by the code of the refusal that asking would meet. */
const whyNot: Readonly<Record<string, string>> = {
  'request-prevented': 'An approval would not help: what stands in the way is named above, and has to change first.',
  'request-needless': 'There is nothing to ask for: all of it is reached already, without an end.',
  'request-waits': 'The same was asked for already, and waits for a decision.',
  'level-not-offered': 'That is not offered; choose what else one may do with it.',
  suspended: 'It takes no requests now; whoever has access keeps it.',
  retired: 'It takes no requests any more; whoever has access keeps it until it ends.',
}

interface FormProps {
  readonly subject: Subject
  readonly status: AccessStatus
}

function RequestForm({ subject, status }: FormProps) {
  const { fields, duration, agreements } = status.form
  const me = useMe()
  const navigate = useNavigate()
  const [answers, setAnswers] = useState<Readonly<Record<string, AnswerValue>>>({})
  const [wanted, setWanted] = useState(duration.suggested[0] ?? duration.most ?? '30d')
  const [forEver, setForEver] = useState(false)
  const [accepted, setAccepted] = useState<readonly number[]>([])
  // One form is one request, however often the button is pressed.
  const [idempotencyKey] = useState(() => crypto.randomUUID())
  const ask = useWrite(
    () =>
      subject.ask({
        ...{ level: status.level, answers: { ...answers }, idempotencyKey },
        ...(status.for.id !== me.id && { for: String(status.for.id) }),
        agreements: agreements.map(({ id, version }) => ({ id, version })),
        ...(!forEver && { duration: wanted.trim() }),
      }),
    ({ id }) => navigate({ to: '/requests/$id', params: { id: String(id) } }),
  )
  function submit(event: FormEvent) {
    event.preventDefault()
    ask.mutate()
  }
  const isReady = agreements.every(({ id }) => accepted.includes(id)) && (forEver || wanted.trim() !== '')
  return (
    <form className={forms.fields} onSubmit={submit}>
      {fields.map(field => (
        <FormField
          key={field.id}
          field={field}
          value={answers[field.id]}
          onChange={value =>
            setAnswers(before => {
              const { [field.id]: _, ...rest } = before
              return value === undefined ? rest : { ...rest, [field.id]: value }
            })
          }
        />
      ))}
      <div className={forms.row}>
        <TextInput
          label={duration.label}
          description={`Such as ${[...duration.suggested.slice(0, 3), '12h'].join(', ')}${duration.most ? `; at most ${duration.most}` : ''}`}
          value={wanted}
          disabled={forEver}
          required={!forEver}
          onChange={event => setWanted(event.currentTarget.value)}
          list="suggested-durations"
        />
        <datalist id="suggested-durations">
          {duration.suggested.map(one => (
            <option key={one} value={one} />
          ))}
        </datalist>
        {duration.withoutEnd && subject.withoutEnd && (
          <Checkbox
            label="Without an end"
            checked={forEver}
            onChange={event => setForEver(event.currentTarget.checked)}
          />
        )}
      </div>
      {agreements.map(({ id, name, text }) => (
        <div key={id}>
          <details>
            <summary>{name}</summary>
            <MarkdownText text={text} />
          </details>
          <Checkbox
            label={`I accept: ${name}`}
            checked={accepted.includes(id)}
            onChange={({ currentTarget: { checked } }) =>
              setAccepted(before => (checked ? [...before, id] : before.filter(one => one !== id)))
            }
          />
        </div>
      ))}
      <WhoDecides subject={subject} status={status} duration={forEver ? undefined : wanted.trim()} />
      <div className={forms.actions}>
        <Button type="submit" disabled={!isReady} loading={ask.isPending}>
          {status.extension ? 'Ask for longer' : 'Ask for access'}
        </Button>
      </div>
      {agreements.some(({ id }) => !accepted.includes(id)) && (
        <p className="quiet small">Accept what is named above, and you can ask.</p>
      )}
      <Refusal error={ask.error} />
    </form>
  )
}
