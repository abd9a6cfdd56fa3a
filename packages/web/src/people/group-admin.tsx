/** What a user admin changes of a group: its values, who is in it, and whether it is there at all. */
import type { Group } from '@headgate/core/api'
import { Button, TextInput } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { hg } from '../api.ts'
import forms from '../ui/form.module.css'
import { Section } from '../ui/page.tsx'
import { useWrite } from '../ui/use-write.ts'
import { WriteForm } from '../ui/write-form.tsx'
import { AttributeEditor } from './attribute-editor.tsx'
import { FindChoice } from './find-choice.tsx'
import { useProposal } from './previewed-actions.tsx'

export function GroupAdmin({ group }: { readonly group: Group }) {
  const { id, name, attributes } = group
  const { propose, shown } = useProposal()
  const navigate = useNavigate()
  return (
    <>
      <Section title="What it is for">
        <Description key={group.description} group={group} />
      </Section>
      <Section title="Attributes by hand">
        <AttributeEditor of={{ group: id }} attributes={attributes} />
      </Section>
      <Section title="Change it">
        {shown ?? (
          <>
            <FindChoice
              what="person"
              verb="Put them in"
              find={async search => (await hg.users.list({ query: { search, limit: 20 } })).items}
              onPick={person =>
                propose({
                  change: { change: 'addToGroup', group: id, user: person.id },
                  verb: `Put ${person.name} in`,
                  write: preview => hg.groups.addMember({ params: { id, userId: person.id }, ...preview }),
                })
              }
            />
            <Button
              variant="default"
              onClick={() =>
                propose({
                  change: { change: 'deleteGroup', group: id },
                  verb: `Delete ${name}`,
                  write: preview => hg.groups.remove({ params: { id }, ...preview }),
                  done: () => navigate({ to: '/groups' }),
                })
              }
            >
              Delete the group
            </Button>
          </>
        )}
      </Section>
    </>
  )
}

/** Its name is what policies name, so it never changes. */
function Description({ group: { id, description } }: { readonly group: Group }) {
  const [text, setText] = useState(description)
  const save = useWrite(() => hg.groups.update({ params: { id }, body: { description: text } }))
  return (
    <WriteForm
      write={save}
      verb="Save the description"
      missing={text === description ? 'Nothing is changed yet.' : undefined}
    >
      <TextInput
        label="Description"
        className={forms.wide}
        maxLength={4096}
        value={text}
        onChange={event => setText(event.currentTarget.value)}
      />
    </WriteForm>
  )
}
