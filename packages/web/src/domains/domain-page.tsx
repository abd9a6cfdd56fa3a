/** One domain: the tags that make it, what was put in by hand, who has which right; governors change all of it. */
import { api, type DomainDetail } from '@headgate/core/api'
import { Button, Textarea, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { hg } from '../api.ts'
import { mayCall, useMe } from '../me.ts'
import { useProposal } from '../people/previewed-actions.tsx'
import { PageAnswer } from '../ui/answer.tsx'
import forms from '../ui/form.module.css'
import { Facts, Page, Section } from '../ui/page.tsx'
import { TagChips } from '../ui/tag-chips.tsx'
import { useWrite } from '../ui/use-write.ts'
import { counted } from '../ui/words.ts'
import { WriteForm } from '../ui/write-form.tsx'
import { DomainRights, rightWords } from './domain-rights.tsx'
import { DomainSources } from './domain-sources.tsx'

const route = getRouteApi('/shell/domains/$name')

export function DomainPage() {
  const { name } = route.useParams()
  const domain = useQuery({ queryKey: ['domain', name], queryFn: () => hg.domains.get({ params: { name } }) })
  return (
    <PageAnswer query={domain} what={`domain ${name}`}>
      {found => <Shown domain={found} />}
    </PageAnswer>
  )
}

function Shown({ domain }: { readonly domain: DomainDetail }) {
  const { name, description, tags, policies, mine } = domain
  const mayChange = mayCall(useMe(), api.domains.edit)
  return (
    <Page title={name} above={<Link to="/domains">Domains</Link>} lead={description === '' ? undefined : description}>
      <Facts
        facts={[
          ['Takes in by tag', <TagChips key="tags" tags={tags} />],
          ['Policies', counted(policies, 'policy', 'policies')],
          mine.length > 0 && ['Your rights', mine.map(right => rightWords[right]).join(', ')],
        ]}
      />
      {mayChange && <EditTags key={tags.join()} domain={domain} />}
      <DomainSources domain={domain} mayChange={mayChange} />
      <DomainRights domain={domain} mayChange={mayChange} />
      {mayChange && <EditDescription key={description} domain={domain} />}
      {mayChange && <Remove name={name} />}
    </Page>
  )
}

function EditTags({ domain: { name, tags: before } }: { readonly domain: DomainDetail }) {
  const [text, setText] = useState(before.join(', '))
  const { propose, shown } = useProposal()
  if (shown) return shown
  const tags = text.split(',').flatMap(tag => (tag.trim() === '' ? [] : [tag.trim()]))
  function submit(event: FormEvent) {
    event.preventDefault()
    propose({
      change: { change: 'editDomain', domain: name, tags },
      verb: 'Save the tags',
      write: preview => hg.domains.edit({ params: { name }, body: { tags }, ...preview }),
    })
  }
  return (
    <Section title="Change what it takes in">
      <form className={forms.fields} onSubmit={submit}>
        <TextInput
          label="Tags, with commas between them"
          description="Every data source with one of them, or with one below it, is in the domain."
          value={text}
          onChange={event => setText(event.currentTarget.value)}
        />
        {tags.join() !== before.join() && (
          <div className={forms.actions}>
            <Button type="submit">See what it would do</Button>
          </div>
        )}
      </form>
    </Section>
  )
}

function EditDescription({ domain: { name, description: before } }: { readonly domain: DomainDetail }) {
  const [description, setDescription] = useState(before)
  const write = useWrite(() => hg.domains.edit({ params: { name }, body: { description } }))
  return (
    <Section title="Description">
      <WriteForm write={write} verb="Save the description" disabled={description === before}>
        <Textarea
          label="What it is about"
          className={forms.wide}
          autosize
          maxLength={4096}
          value={description}
          onChange={event => setDescription(event.currentTarget.value)}
        />
      </WriteForm>
    </Section>
  )
}

function Remove({ name }: { readonly name: string }) {
  const navigate = useNavigate()
  const { propose, shown } = useProposal()
  if (shown) return shown
  return (
    <Section title="Delete">
      <div className={forms.actions}>
        <Button
          variant="default"
          onClick={() =>
            propose({
              change: { change: 'deleteDomain', domain: name },
              verb: 'Delete the domain',
              write: preview => hg.domains.remove({ params: { name }, ...preview }),
              done: () => navigate({ to: '/domains' }),
            })
          }
        >
          Delete the domain
        </Button>
      </div>
    </Section>
  )
}
