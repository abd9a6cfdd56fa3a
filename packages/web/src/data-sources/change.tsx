/** What owners and governors change of a data source: its tags, its owners, its name, and whether it is in use. */
import { Button, NativeSelect, Textarea, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { hg } from '../api.ts'
import { FindChoice } from '../people/find-choice.tsx'
import { findGroups, findPeople } from '../people/find-subjects.ts'
import { useProposal } from '../people/previewed-actions.tsx'
import forms from '../ui/form.module.css'
import { Chips, Section } from '../ui/page.tsx'
import { stillToSay } from '../ui/ready-button.tsx'
import { Refusal } from '../ui/refusal.tsx'
import { productOf } from '../ui/tag-chips.tsx'
import { useWrite } from '../ui/use-write.ts'
import { WriteForm } from '../ui/write-form.tsx'

type Whole = Awaited<ReturnType<typeof hg.dataSources.get>>

interface Props {
  readonly dataSource: Whole
}

export function ChangeDataSource({ dataSource }: Props) {
  const { name, description } = dataSource
  return (
    <>
      <Tags dataSource={dataSource} />
      <Owners dataSource={dataSource} />
      <Names key={`${name} ${description}`} dataSource={dataSource} />
      <End dataSource={dataSource} />
    </>
  )
}

function Tags({ dataSource: { id, tags } }: Props) {
  const { propose, shown } = useProposal()
  const [chosen, setChosen] = useState('')
  const catalogue = useQuery({ queryKey: ['tags'], queryFn: () => hg.tags.list({ query: { limit: 1000 } }) })
  if (shown) return shown
  // What its data products put there comes and goes with them.
  const own = tags.filter(tag => productOf(tag) === undefined)
  const others = catalogue.data?.items.filter(({ name }) => !tags.includes(name)) ?? []
  return (
    <Section title="Change its tags">
      {own.length > 0 && (
        <Chips>
          {own.map(tag => (
            <li key={tag}>
              {tag}{' '}
              <Button
                size="compact-xs"
                variant="subtle"
                aria-label={`Remove the tag ${tag}`}
                onClick={() =>
                  propose({
                    change: { change: 'removeTags', dataSource: id, tags: [tag] },
                    verb: `Remove ${tag}`,
                    write: preview => hg.dataSources.removeTags({ params: { id }, body: { tags: [tag] }, ...preview }),
                  })
                }
              >
                Remove
              </Button>
            </li>
          ))}
        </Chips>
      )}
      <div className={forms.line}>
        <NativeSelect
          label="A tag of the catalogue"
          value={chosen}
          data={[{ value: '', label: 'Choose a tag' }, ...others.map(({ name }) => ({ value: name, label: name }))]}
          onChange={event => setChosen(event.currentTarget.value)}
        />
        <Button
          variant="default"
          disabled={chosen === ''}
          onClick={() =>
            propose({
              change: { change: 'addTags', dataSource: id, tags: [chosen] },
              verb: `Apply ${chosen}`,
              write: preview => hg.dataSources.addTags({ params: { id }, body: { tags: [chosen] }, ...preview }),
              done: () => setChosen(''),
            })
          }
        >
          Apply it
        </Button>
      </div>
    </Section>
  )
}

function Owners({ dataSource: { id, owners, ownerGroups } }: Props) {
  const end = useWrite((owner: { readonly user: number } | { readonly group: number }) =>
    'user' in owner
      ? hg.dataSources.removeOwner({ params: { id, userId: owner.user } })
      : hg.dataSources.removeGroupOwner({ params: { id, groupId: owner.group } }),
  )
  const make = useWrite((owner: { readonly user: number } | { readonly group: number }) =>
    'user' in owner
      ? hg.dataSources.setOwner({ params: { id, userId: owner.user } })
      : hg.dataSources.setGroupOwner({ params: { id, groupId: owner.group } }),
  )
  const chips = [
    ...owners.map(({ id: user, userid }) => ({ key: `user ${user}`, name: userid, owner: { user } })),
    ...ownerGroups.map(({ id: group, name }) => ({
      key: `group ${group}`,
      name: `the group ${name}`,
      owner: { group },
    })),
  ]
  return (
    <Section title="Change its owners">
      {chips.length > 0 && (
        <Chips>
          {chips.map(({ key, name, owner }) => (
            <li key={key}>
              {name}{' '}
              <Button
                size="compact-xs"
                variant="subtle"
                aria-label={`End the ownership of ${name}`}
                loading={end.isPending && end.variables === owner}
                onClick={() => end.mutate(owner)}
              >
                End
              </Button>
            </li>
          ))}
        </Chips>
      )}
      <FindChoice
        what="person"
        verb="Make them an owner"
        find={findPeople}
        onPick={one => make.mutate({ user: one.id })}
      />
      <FindChoice
        what="group"
        verb="Make everyone in it an owner"
        find={findGroups}
        onPick={one => make.mutate({ group: one.id })}
      />
      <Refusal error={end.error ?? make.error} />
    </Section>
  )
}

function Names({ dataSource: { id, name, description } }: Props) {
  const [typedName, setName] = useState(name)
  const [typedDescription, setDescription] = useState(description)
  const save = useWrite(() =>
    hg.dataSources.update({ params: { id }, body: { name: typedName, description: typedDescription } }),
  )
  return (
    <Section title="Name and description">
      <WriteForm write={save} verb="Save" missing={stillToSay(typedName.trim() === '' && 'its name')}>
        <TextInput label="Name" value={typedName} onChange={event => setName(event.currentTarget.value)} />
        <Textarea
          label="Description"
          className={forms.wide}
          autosize
          minRows={1}
          value={typedDescription}
          onChange={event => setDescription(event.currentTarget.value)}
        />
      </WriteForm>
    </Section>
  )
}

function End({ dataSource: { id, name, state } }: Props) {
  const { propose, shown } = useProposal()
  const navigate = useNavigate()
  if (shown) return shown
  const isActive = state === 'active'
  return (
    <Section title={isActive ? 'Take it out of use' : 'Use it again, or remove it'}>
      <p className="quiet">
        {isActive
          ? 'Disabled, all its grants are revoked at once; its tags and members stay for the day it is used again.'
          : 'Restored, it comes back with its tags and members. Removed for good, only its history stays.'}
      </p>
      <div className={forms.actions}>
        <Button
          variant="default"
          onClick={() =>
            propose(
              isActive
                ? {
                    change: { change: 'disableDataSource', dataSource: id },
                    verb: `Disable ${name}`,
                    write: preview => hg.dataSources.remove({ params: { id }, ...preview }),
                  }
                : {
                    change: { change: 'restoreDataSource', dataSource: id },
                    verb: `Restore ${name}`,
                    write: preview => hg.dataSources.restore({ params: { id }, ...preview }),
                  },
            )
          }
        >
          {isActive ? 'Disable' : 'Restore'}
        </Button>
        {!isActive && (
          <Button
            variant="default"
            onClick={() =>
              propose({
                change: { change: 'deleteDataSource', dataSource: id },
                verb: `Remove ${name} for good`,
                write: preview => hg.dataSources.remove({ params: { id }, query: { hard: 'true' }, ...preview }),
                done: () => navigate({ to: '/data-sources' }),
              })
            }
          >
            Remove for good
          </Button>
        )}
      </div>
    </Section>
  )
}
