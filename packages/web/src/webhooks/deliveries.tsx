/** The latest deliveries of a webhook, with how each attempt went, and another go. */
import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { hg } from '../api.ts'
import { Answer, Nothing } from '../ui/answer.tsx'
import { DataTable } from '../ui/data-table.tsx'
import { Section } from '../ui/page.tsx'
import { Refusal } from '../ui/refusal.tsx'
import { RelativeTime } from '../ui/relative-time.tsx'
import { StateBadge } from '../ui/state-badge.tsx'
import { useWrite } from '../ui/use-write.ts'
import { counted } from '../ui/words.ts'
import { deliveryWords } from './words.ts'

export function Deliveries({ id }: { readonly id: string }) {
  const deliveries = useQuery({
    queryKey: ['webhook', id, 'deliveries'],
    queryFn: () => hg.webhooks.deliveries({ params: { id }, query: { limit: 20 } }),
  })
  const again = useWrite((deliveryId: number) => hg.webhooks.redeliver({ params: { id, deliveryId } }))
  return (
    <Section title="Latest deliveries">
      <Answer query={deliveries} what="the deliveries">
        {({ items }) =>
          items.length === 0 ? (
            <Nothing title="None yet">
              The next thing of what it is told shows here, and so does a call by hand.
            </Nothing>
          ) : (
            <DataTable
              caption="Deliveries"
              rows={items}
              rowKey={one => one.id}
              columns={[
                {
                  name: 'What',
                  cell: ({ kind, attempts }) => (
                    <>
                      {kind ?? 'webhook.test'}
                      <div className="quiet small" style={{ overflowWrap: 'anywhere' }}>
                        {counted(attempts.length, 'attempt')}
                        {attempts.length > 0 && `: ${attempts.at(-1)?.problem ?? attempts.at(-1)?.status}`}
                      </div>
                    </>
                  ),
                },
                { name: 'When', width: '18%', cell: ({ createdAt }) => <RelativeTime at={createdAt} /> },
                { name: 'State', width: '18%', cell: ({ state }) => <StateBadge {...deliveryWords[state]} /> },
                {
                  name: 'Again',
                  width: '18%',
                  cell: one => (
                    <Button
                      size="xs"
                      variant="default"
                      aria-label={`Deliver again: ${one.messageId}`}
                      loading={again.isPending && again.variables === one.id}
                      onClick={() => again.mutate(one.id)}
                    >
                      Deliver again
                    </Button>
                  ),
                },
              ]}
            />
          )
        }
      </Answer>
      <Refusal error={again.error} />
    </Section>
  )
}
