/** What a user admin changes of a group: its values, who is in it, and whether it is there at all. */
import type { Group } from '@headgate/core/api'
import { Button } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { hg } from '../api.ts'
import { Section } from '../ui/page.tsx'
import { AttributeEditor } from './attribute-editor.tsx'
import { FindChoice } from './find-choice.tsx'
import { useProposal } from './previewed-actions.tsx'

export function GroupAdmin({ group: { id, name, attributes } }: { readonly group: Group }) {
  const { propose, shown } = useProposal()
  const navigate = useNavigate()
  return (
    <>
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
