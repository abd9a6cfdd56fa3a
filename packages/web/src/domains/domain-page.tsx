/** One domain: the tags that make it, what was put in by hand, who has which right; governors change all of it. */
import { api, type DomainDetail, type DomainRight, domainRights } from '@headgate/core/api'
import { Button, Checkbox, Group, TextInput } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { hg } from '../api.ts'
import { mayCall, useMe } from '../me.ts'
import { FindChoice } from '../people/find-choice.tsx'
import { findDataSources, findGroups, findPeople } from '../people/find-subjects.ts'
import { GroupName } from '../people/group-name.tsx'
import { Answer, Nothing, PageAnswer } from '../ui/answer.tsx'
import { DataTable } from '../ui/data-table.tsx'
import { Facts, Page, Section } from '../ui/page.tsx'
import { Refusal } from '../ui/refusal.tsx'
import { TagChips } from '../ui/tag-chips.tsx'
import { useWrite } from '../ui/use-write.ts'
import { counted } from '../ui/words.ts'
import { WriteForm } from '../ui/write-form.tsx'

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

const rightWords: Readonly<Record<DomainRight, string>> = {
  MANAGE_POLICIES: 'Manage policies',
  MANAGE_DATA_PRODUCTS: 'Manage data products',
  AUDIT_ACTIVITY: 'Audit activity',
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
      {mayChange && <EditTags domain={domain} />}
      <Sources domain={domain} mayChange={mayChange} />
      <Rights domain={domain} mayChange={mayChange} />
      {mayChange && <Remove name={name} />}
    </Page>
  )
}

function EditTags({ domain: { name, tags } }: { readonly domain: DomainDetail }) {
  const [text, setText] = useState(tags.join(', '))
  const wanted = text.split(',').flatMap(tag => (tag.trim() === '' ? [] : [tag.trim()]))
  const write = useWrite(() => hg.domains.edit({ params: { name }, body: { tags: wanted } }))
  return (
    <WriteForm write={write} verb="Save tags">
      <TextInput label="Tags, with commas between them" value={text} onChange={e => setText(e.currentTarget.value)} />
    </WriteForm>
  )
}

interface PartProps {
  readonly domain: DomainDetail
  readonly mayChange: boolean
}

function Sources({ domain: { name, tags: taken, dataSources: count }, mayChange }: PartProps) {
  const query = { domain: name, limit: 100 }
  const sources = useQuery({
    queryKey: ['data sources', query],
    queryFn: () => hg.dataSources.list({ query }),
  })
  const put = useWrite((id: number) => hg.domains.addDataSource({ params: { name, id } }))
  const takeOut = useMutation({
    mutationFn: (source: number) => hg.domains.removeDataSource({ params: { name, id: source } }),
    onSuccess: () => void sources.refetch(),
  })
  return (
    <Section title="Data sources" beside={<span className="quiet">{counted(count, 'data source')}</span>}>
      <Answer query={sources} what="its data sources">
        {answer =>
          answer.items.length === 0 ? (
            <Nothing title="None that you may see" />
          ) : (
            <DataTable
              caption="Data sources of the domain"
              rows={answer.items}
              rowKey={source => source.id}
              columns={[
                {
                  name: 'Name',
                  cell: source => (
                    <Link to="/data-sources/$id" params={{ id: String(source.id) }}>
                      {source.name}
                    </Link>
                  ),
                },
                { name: 'Tags', width: '36%', cell: ({ tags }) => <TagChips tags={tags} /> },
                {
                  name: 'In it',
                  width: '20%',
                  cell: source =>
                    isTakenIn(source.tags, taken) ? (
                      <span className="quiet">by its tags</span>
                    ) : (
                      <>
                        by hand{' '}
                        {mayChange && (
                          <Button
                            variant="default"
                            size="compact-xs"
                            aria-label={`Take out ${source.name}`}
                            onClick={() => takeOut.mutate(source.id)}
                          >
                            Take out
                          </Button>
                        )}
                      </>
                    ),
                },
              ]}
            />
          )
        }
      </Answer>
      {mayChange && (
        <FindChoice what="data source" verb="Put it in" find={findDataSources} onPick={one => put.mutate(one.id)} />
      )}
      <Refusal error={takeOut.error ?? put.error} />
    </Section>
  )
}

/** Whether one of its tags is one that the domain takes in, or lies below it. */
function isTakenIn(tags: readonly string[], taken: readonly string[]): boolean {
  return tags.some(tag => taken.some(wide => tag === wide || tag.startsWith(`${wide}.`)))
}

function Rights({ domain: { name, rights }, mayChange }: PartProps) {
  return (
    <Section title="Who may do what">
      {rights.length === 0 ? (
        <Nothing title="Nobody but governors" />
      ) : (
        <DataTable
          caption="Rights in the domain"
          rows={rights}
          rowKey={({ subject }) => JSON.stringify(subject)}
          columns={[
            {
              name: 'Who',
              cell: ({ subject }) =>
                'user' in subject ? (
                  subject.user.userid
                ) : (
                  <>
                    Everyone in the group <GroupName {...subject.group} />
                  </>
                ),
            },
            {
              name: 'May',
              width: '45%',
              cell: ({ rights: held }) => held.map(right => rightWords[right]).join(', '),
            },
            {
              name: 'Change',
              width: '20%',
              cell: ({ subject }) => mayChange && <TakeRights name={name} subject={subject} />,
            },
          ]}
        />
      )}
      {mayChange && <GiveRights name={name} />}
    </Section>
  )
}

function TakeRights({ name, subject }: { name: string; subject: DomainDetail['rights'][number]['subject'] }) {
  const take = useWrite(() =>
    'user' in subject
      ? hg.domains.removeUserRights({ params: { name, userId: subject.user.id } })
      : hg.domains.removeGroupRights({ params: { name, groupId: subject.group.id } }),
  )
  return (
    <>
      <Button variant="default" size="compact-xs" loading={take.isPending} onClick={() => take.mutate()}>
        Take away
      </Button>
      <Refusal error={take.error} />
    </>
  )
}

function GiveRights({ name }: { readonly name: string }) {
  const [rights, setRights] = useState<readonly string[]>([])
  const body = { rights: domainRights.filter(right => rights.includes(right)) }
  const toUser = useWrite((userId: number) => hg.domains.setUserRights({ params: { name, userId }, body }))
  const toGroup = useWrite((groupId: number) => hg.domains.setGroupRights({ params: { name, groupId }, body }))
  return (
    <>
      <Checkbox.Group label="Give rights" value={[...rights]} onChange={setRights}>
        <Group gap="sm">
          {domainRights.map(right => (
            <Checkbox key={right} value={right} label={rightWords[right]} />
          ))}
        </Group>
      </Checkbox.Group>
      {rights.length > 0 && (
        <>
          <FindChoice what="person" verb="Give them these" find={findPeople} onPick={one => toUser.mutate(one.id)} />
          <FindChoice what="group" verb="Give it these" find={findGroups} onPick={one => toGroup.mutate(one.id)} />
        </>
      )}
      <Refusal error={toUser.error ?? toGroup.error} />
    </>
  )
}

function Remove({ name }: { readonly name: string }) {
  const navigate = useNavigate()
  const remove = useWrite(
    () => hg.domains.remove({ params: { name } }),
    () => void navigate({ to: '/domains' }),
  )
  return (
    <Section title="Delete">
      <Button variant="default" loading={remove.isPending} onClick={() => remove.mutate()}>
        Delete the domain
      </Button>
      <Refusal error={remove.error} />
    </Section>
  )
}
