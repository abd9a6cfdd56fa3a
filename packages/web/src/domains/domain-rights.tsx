/** Who may do what in a domain, and giving and taking that; it moves nobody's access to data. */
import { type DomainDetail, type DomainRight, domainRights } from '@headgate/core/api'
import { Button, Checkbox, Group } from '@mantine/core'
import { useState } from 'react'
import { hg } from '../api.ts'
import { FindChoice } from '../people/find-choice.tsx'
import { findGroups, findPeople } from '../people/find-subjects.ts'
import { GroupName } from '../people/group-name.tsx'
import { Nothing } from '../ui/answer.tsx'
import { DataTable } from '../ui/data-table.tsx'
import { Section } from '../ui/page.tsx'
import { Refusal } from '../ui/refusal.tsx'
import { useWrite } from '../ui/use-write.ts'

export const rightWords: Readonly<Record<DomainRight, string>> = {
  MANAGE_POLICIES: 'Manage policies',
  MANAGE_DATA_PRODUCTS: 'Manage data products',
  AUDIT_ACTIVITY: 'Audit activity',
}

interface Props {
  readonly domain: DomainDetail
  readonly mayChange: boolean
}

export function DomainRights({ domain: { name, rights }, mayChange }: Props) {
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
