/** What one is told, and how; each choice holds from the moment it is made. */
import type { NotificationPreference } from '@headgate/core/api'
import { Checkbox } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { hg } from '../api.ts'
import { Answer } from '../ui/answer.tsx'
import { DataTable } from '../ui/data-table.tsx'
import { Section } from '../ui/page.tsx'
import { Refusal } from '../ui/refusal.tsx'
import { useWrite } from '../ui/use-write.ts'

export function Choices() {
  /** What was just chosen, so that it shows at once, and not only when the server has heard of it. */
  const [chosen, setChosen] = useState<NotificationPreference>()
  const choices = useQuery({ queryKey: ['inbox', 'choices'], queryFn: () => hg.notifications.preferences() })
  const choose = useWrite((changed: NotificationPreference) => {
    const items = (choices.data?.items ?? []).map(one => (one.kind === changed.kind ? changed : one))
    return hg.notifications.choose({ body: { items: items.map(({ kind, inbox, email }) => ({ kind, inbox, email })) } })
  })
  const set = (changed: NotificationPreference) => {
    setChosen(changed)
    choose.mutate(changed, { onSettled: () => setChosen(undefined) })
  }
  return (
    <Section title="What you are told">
      <Answer query={choices} what="what you are told">
        {({ items }) => (
          <DataTable
            caption="What you are told"
            rows={items.map(one => (chosen?.kind === one.kind ? chosen : one))}
            rowKey={({ kind }) => kind}
            columns={[
              {
                name: 'When',
                cell: ({ when, isMandatory }) => (
                  <>
                    {`When ${when}`}
                    {isMandatory && <div className="quiet small">It always comes to the inbox.</div>}
                  </>
                ),
              },
              {
                name: 'Inbox',
                width: '18%',
                cell: one => (
                  <Checkbox
                    aria-label={`In the inbox when ${one.when}`}
                    checked={one.inbox}
                    disabled={one.isMandatory || chosen !== undefined}
                    onChange={event => set({ ...one, inbox: event.currentTarget.checked })}
                  />
                ),
              },
              {
                name: 'E-mail',
                width: '18%',
                cell: one => (
                  <Checkbox
                    aria-label={`By e-mail when ${one.when}`}
                    checked={one.email}
                    disabled={chosen !== undefined}
                    onChange={event => set({ ...one, email: event.currentTarget.checked })}
                  />
                ),
              },
            ]}
          />
        )}
      </Answer>
      <Refusal error={choose.error} />
    </Section>
  )
}
