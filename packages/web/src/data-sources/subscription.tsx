/** What one may subscribe to on a data source, and what one has subscribed to. */
import { Button, Group } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { hg } from '../api.ts'
import { Section } from '../ui/page.tsx'
import { Refusal } from '../ui/refusal.tsx'

type Level = 'READ' | 'WRITE'
const words = { READ: 'read', WRITE: 'write' } as const

/** Nothing where no manual policy concerns the person. */
export function OwnSubscription({ id }: { readonly id: string }) {
  const queries = useQueryClient()
  const found = useQuery({
    queryKey: ['found', id],
    queryFn: () => hg.subscriptions.find({ params: { id } }),
  })
  const change = useMutation({
    mutationFn: async ({ level, take }: { level: Level; take: boolean }) => {
      if (take) await hg.subscriptions.subscribe({ params: { id }, body: { level } })
      else await hg.subscriptions.unsubscribe({ params: { id }, query: { level } })
    },
    onSuccess: () => queries.invalidateQueries(),
  })
  const { offers = [], subscriptions = [] } = found.data ?? {}
  if (offers.length + subscriptions.length === 0) return null
  return (
    <Section title="Your subscription">
      {subscriptions.map(({ level, policies }) => (
        <p key={level}>
          You have subscribed to {words[level]} it
          {policies.length === 0 && ', which gives you nothing at present: you no longer qualify'}.
        </p>
      ))}
      {offers.map(({ level, policies }) => (
        <p key={level}>
          You may {words[level]} it as soon as you subscribe: {policies.map(({ name }) => name).join(', ')}.
        </p>
      ))}
      <Group gap="xs" mt="xs">
        {offers.map(({ level }) => (
          <Button key={level} loading={change.isPending} onClick={() => change.mutate({ level, take: true })}>
            Subscribe to {words[level]}
          </Button>
        ))}
        {subscriptions.map(({ level }) => (
          <Button
            key={level}
            variant="default"
            loading={change.isPending}
            onClick={() => change.mutate({ level, take: false })}
          >
            Unsubscribe from {words[level] === 'read' ? 'reading' : 'writing'}
          </Button>
        ))}
      </Group>
      <Refusal error={change.error} />
    </Section>
  )
}
