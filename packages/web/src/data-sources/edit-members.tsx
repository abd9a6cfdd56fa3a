/** Adding people and groups to a data source by hand, and taking them out again, each shown with what it would do. */
import type { Member } from '@headgate/core/api'
import { Button, NativeSelect, TextInput } from '@mantine/core'
import { useState } from 'react'
import { hg } from '../api.ts'
import { type Choosable, FindChoice } from '../people/find-choice.tsx'
import { findGroups, findPeople } from '../people/find-subjects.ts'
import { useProposal } from '../people/previewed-actions.tsx'
import forms from '../ui/form.module.css'
import { Chips, Section } from '../ui/page.tsx'

interface Props {
  readonly id: number
  readonly members: readonly Member[]
}

export function EditMembers({ id, members }: Props) {
  const { propose, shown } = useProposal()
  const [level, setLevel] = useState<Member['level']>('READ')
  const [until, setUntil] = useState('')
  const [reason, setReason] = useState('')
  if (shown) return shown
  // The end of that day, as whoever types it sees days.
  const ends = until === '' ? {} : { until: new Date(`${until}T23:59:59`).toISOString() }
  const body = { level, ...ends, reason: reason.trim() }
  const done = () => setReason('')
  const addUser = (one: Choosable) =>
    propose({
      change: { change: 'setMember', dataSource: id, user: one.id, level, ...ends },
      verb: `Let ${one.name} in`,
      write: preview => hg.dataSources.setMember({ params: { id, userId: one.id }, body, ...preview }),
      done,
    })
  const addGroup = (one: Choosable) =>
    propose({
      change: { change: 'setMember', dataSource: id, group: one.id, level, ...ends },
      verb: `Let everyone in ${one.name} in`,
      write: preview => hg.dataSources.setGroupMember({ params: { id, groupId: one.id }, body, ...preview }),
      done,
    })
  const takeOut = ({ subject }: Member) =>
    'user' in subject
      ? propose({
          change: { change: 'removeMember', dataSource: id, user: subject.user.id },
          verb: `Take ${subject.user.userid} out`,
          write: preview => hg.dataSources.removeMember({ params: { id, userId: subject.user.id }, ...preview }),
        })
      : propose({
          change: { change: 'removeMember', dataSource: id, group: subject.group.id },
          verb: `Take the group ${subject.group.name} out`,
          write: preview => hg.dataSources.removeGroupMember({ params: { id, groupId: subject.group.id }, ...preview }),
        })
  return (
    <Section title="Change its members">
      {members.length > 0 && (
        <Chips>
          {members.map(member => (
            <li key={member.id}>
              {nameOf(member)}{' '}
              <Button
                size="compact-xs"
                variant="subtle"
                aria-label={`Take out ${nameOf(member)}`}
                onClick={() => takeOut(member)}
              >
                Take out
              </Button>
            </li>
          ))}
        </Chips>
      )}
      <div className={forms.line}>
        <NativeSelect
          label="Level"
          value={level}
          data={[
            { value: 'READ', label: 'Read' },
            { value: 'WRITE', label: 'Write, which includes delete' },
          ]}
          onChange={event => setLevel(event.currentTarget.value as Member['level'])}
        />
        <TextInput
          label="Last day (optional)"
          type="date"
          value={until}
          onChange={event => setUntil(event.currentTarget.value)}
        />
        <TextInput
          label="Reason"
          className={forms.wide}
          value={reason}
          onChange={event => setReason(event.currentTarget.value)}
        />
      </div>
      {reason.trim() === '' ? (
        <p className="quiet small">Say why first: it stays with the membership and in the audit trail.</p>
      ) : (
        <>
          <FindChoice what="person" verb="Let them in" find={findPeople} onPick={addUser} />
          <FindChoice what="group" verb="Let everyone in it in" find={findGroups} onPick={addGroup} />
        </>
      )}
    </Section>
  )
}

function nameOf({ subject }: Member): string {
  return 'user' in subject ? subject.user.userid : `the group ${subject.group.name}`
}
