/** Everything that a data product says, to write and to rewrite. What it says against the server's rules, the server names. */
import { api, type DataProduct } from '@headgate/core/api'
import { Button, Checkbox, NativeSelect, Textarea, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { hg } from '../api.ts'
import { mayCall, useMe } from '../me.ts'
import { FindChoice } from '../people/find-choice.tsx'
import { findDataSources, findPeople } from '../people/find-subjects.ts'
import forms from '../ui/form.module.css'
import { ReadyButton, stillToSay } from '../ui/ready-button.tsx'
import { Refusal } from '../ui/refusal.tsx'
import classes from './product-form.module.css'

export type ProductInput = Parameters<typeof hg.dataProducts.create>[0]['body']

interface Named {
  readonly id: number
  readonly name: string
}

interface Props {
  /** What it says now; absent: a new one. */
  readonly product?: DataProduct
  readonly verb: string
  readonly isPending?: boolean
  readonly error?: Error | null
  readonly onPropose: (content: ProductInput) => void
  readonly onLeave: () => void
}

export function ProductForm({ product, verb, isPending = false, error = null, onPropose, onLeave }: Props) {
  const [name, setName] = useState(product?.name ?? '')
  const [description, setDescription] = useState(product?.description ?? '')
  const [domain, setDomain] = useState(product?.domain ?? '')
  const [sources, setSources] = useState<readonly Named[]>(product?.dataSources ?? [])
  const [expert, setExpert] = useState<Named | undefined>(product?.expert)
  const [levels, setLevels] = useState<readonly string[]>(product?.levels ?? ['READ'])
  const [longest, setLongest] = useState(product?.longest ?? '')
  const [withoutEnd, setWithoutEnd] = useState(product?.withoutEnd ?? false)
  const [colour, setColour] = useState(product?.colour ?? '')
  const [links, setLinks] = useState(product?.links.map(({ title, url }) => `${title} ${url}`).join('\n') ?? '')
  const [form, setForm] = useState(product === undefined ? '' : String(product.form.id))
  const [flow, setFlow] = useState(product === undefined ? '' : String(product.reviewFlow.id))
  const choices = useChoices()
  const me = useMe()
  function submit(event: FormEvent) {
    event.preventDefault()
    onPropose({
      name: name.trim(),
      description,
      dataSources: sources.map(({ id }) => id),
      levels: (['READ', 'WRITE'] as const).filter(level => levels.includes(level)),
      withoutEnd,
      links: linksIn(links),
      ...(domain !== '' && { domain }),
      ...(expert !== undefined && { expert: expert.id }),
      ...(longest.trim() !== '' && { longest: longest.trim() }),
      ...(colour !== '' && { colour }),
      // The standard ones are what stands where none is chosen: choosing them says nothing.
      ...(isChosen(form, choices.forms) && { form: Number(form) }),
      ...(isChosen(flow, choices.flows) && { reviewFlow: Number(flow) }),
    })
  }
  return (
    <form className={forms.fields} onSubmit={submit}>
      <TextInput label="Name" required value={name} onChange={event => setName(event.currentTarget.value)} />
      <Textarea
        label="Description"
        description="Markdown. What is in it, how fresh it is, what it is good for."
        autosize
        minRows={3}
        maxRows={16}
        maxLength={4096}
        value={description}
        onChange={event => setDescription(event.currentTarget.value)}
      />
      <NativeSelect
        label="Domain"
        description="With one, every data source must be in it, and whoever manages data products there manages this one."
        value={domain}
        data={[{ value: '', label: 'No domain' }, ...withCurrent(choices.domains, domain)]}
        onChange={event => setDomain(event.currentTarget.value)}
      />
      <fieldset className={classes.part}>
        <legend>Data sources</legend>
        {sources.length === 0 ? (
          <p className="quiet">None yet. A draft may stay empty; what is published needs one.</p>
        ) : (
          <ul className={classes.parts}>
            {sources.map(({ id, name: shown }) => (
              <li key={id}>
                {shown}
                <Button
                  variant="default"
                  size="compact-xs"
                  aria-label={`Take out ${shown}`}
                  onClick={() => setSources(before => before.filter(one => one.id !== id))}
                >
                  Take out
                </Button>
              </li>
            ))}
          </ul>
        )}
        <FindChoice
          what="data source"
          verb="Put it in"
          find={findDataSources}
          onPick={one => setSources(before => [...before.filter(({ id }) => id !== one.id), one])}
        />
      </fieldset>
      <Checkbox.Group label="What may be asked for" value={[...levels]} onChange={setLevels}>
        <div className={forms.choices}>
          <Checkbox value="READ" label="Read" />
          <Checkbox value="WRITE" label="Write, which includes delete" />
        </div>
      </Checkbox.Group>
      <div className={forms.row}>
        <TextInput
          label="The longest that anybody is let in"
          placeholder="90d"
          description="Such as 30d or 1y; empty: no limit but the form's."
          value={longest}
          onChange={event => setLongest(event.currentTarget.value)}
        />
        <Checkbox
          label="May be given without an end"
          checked={withoutEnd}
          onChange={event => setWithoutEnd(event.currentTarget.checked)}
        />
      </div>
      <div className={forms.row}>
        <NativeSelect
          label="What is asked"
          value={form}
          data={options(choices.forms, 'The standard form')}
          onChange={event => setForm(event.currentTarget.value)}
        />
        <NativeSelect
          label="Who decides"
          value={flow}
          data={options(choices.flows, 'The standard review flow')}
          onChange={event => setFlow(event.currentTarget.value)}
        />
      </div>
      <fieldset className={classes.part}>
        <legend>Who knows the data</legend>
        {expert === undefined ? (
          <p className="quiet">Nobody is named.</p>
        ) : (
          <p>
            {expert.name}{' '}
            <Button variant="default" size="compact-xs" onClick={() => setExpert(undefined)}>
              Name nobody
            </Button>
          </p>
        )}
        {mayCall(me, api.users.list) ? (
          <FindChoice what="person" verb="Name them" find={findPeople} onPick={setExpert} />
        ) : (
          expert?.id !== me.id && (
            <Button variant="default" onClick={() => setExpert(me)}>
              Name yourself
            </Button>
          )
        )}
      </fieldset>
      <Textarea
        label="Links to read more"
        description="One a line: a title, then its https address."
        placeholder="Data dictionary https://wiki.example.com/sales"
        autosize
        minRows={1}
        value={links}
        onChange={event => setLinks(event.currentTarget.value)}
      />
      <TextInput
        label="Colour"
        description="Such as #3366cc; empty: none."
        value={colour}
        maxLength={7}
        onChange={event => setColour(event.currentTarget.value)}
      />
      <div className={forms.actions}>
        <ReadyButton
          type="submit"
          missing={stillToSay(name.trim() === '' && 'its name', levels.length === 0 && 'what may be asked for')}
          loading={isPending}
        >
          {verb}
        </ReadyButton>
        <Button variant="default" onClick={onLeave}>
          Leave it
        </Button>
      </div>
      <Refusal error={error} />
    </form>
  )
}

function useChoices() {
  const query = { limit: 1000 }
  const domains = useQuery({ queryKey: ['domains', query], queryFn: () => hg.domains.list({ query }) })
  const requestForms = useQuery({ queryKey: ['request forms', query], queryFn: () => hg.requestForms.list({ query }) })
  const flows = useQuery({ queryKey: ['review flows', query], queryFn: () => hg.reviewFlows.list({ query }) })
  return {
    domains: (domains.data?.items ?? []).map(({ name }) => name),
    forms: requestForms.data?.items ?? [],
    flows: flows.data?.items ?? [],
  }
}

interface Choosable extends Named {
  readonly builtIn: boolean
}

/** The standard one is what stands where none is chosen: it is there once, whichever way the product says so. */
function options(items: readonly Choosable[], standard: string) {
  const builtIn = items.find(one => one.builtIn)
  const others = items.filter(one => !one.builtIn)
  return [
    { value: builtIn === undefined ? '' : String(builtIn.id), label: standard },
    ...others.map(({ id, name }) => ({ value: String(id), label: name })),
  ]
}

function isChosen(id: string, items: readonly Choosable[]): boolean {
  return id !== '' && items.find(one => String(one.id) === id)?.builtIn !== true
}

/** What it says now stays a choice, though one may not see that domain. */
function withCurrent(names: readonly string[], current: string): readonly string[] {
  return current === '' || names.includes(current) ? names : [current, ...names]
}

/** The address is the last word of a line; the rest is its title. */
function linksIn(text: string): { title: string; url: string }[] {
  return text.split('\n').flatMap(line => {
    const words = line.trim().split(/\s+/)
    const url = words.at(-1) ?? ''
    return url === '' ? [] : [{ title: words.slice(0, -1).join(' ') || url, url }]
  })
}
