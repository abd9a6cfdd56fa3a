/** One's API keys: made, shown once, revoked. */
import { Button } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { hg } from '../api.ts'
import { Answer, Nothing } from '../ui/answer.tsx'
import { DataTable } from '../ui/data-table.tsx'
import { Section } from '../ui/page.tsx'
import { Refusal } from '../ui/refusal.tsx'
import { RelativeTime } from '../ui/relative-time.tsx'
import { NewKey } from './new-key.tsx'

export function KeysSection() {
  const queries = useQueryClient()
  const keys = useQuery({ queryKey: ['api-keys'], queryFn: () => hg.apiKeys.list() })
  const revoke = useMutation({
    mutationFn: (id: number) => hg.apiKeys.revoke({ params: { id } }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['api-keys'] }),
  })
  return (
    <Section title="API keys">
      <Answer query={keys} what="your API keys">
        {({ items }) =>
          items.length === 0 ? (
            <Nothing title="No key">Programs, the command line among them, sign in with one.</Nothing>
          ) : (
            <DataTable
              caption="API keys"
              rows={items}
              rowKey={({ id }) => id}
              columns={[
                {
                  name: 'Name',
                  cell: ({ name, permissions }) => (
                    <>
                      {name}
                      {permissions !== undefined && (
                        <div className="quiet small">confined to {permissions.join(', ') || 'no permission'}</div>
                      )}
                    </>
                  ),
                },
                {
                  name: 'Last used',
                  width: '18%',
                  cell: ({ lastUsedAt }) =>
                    lastUsedAt === undefined ? <span className="quiet">never</span> : <RelativeTime at={lastUsedAt} />,
                },
                {
                  name: 'Ends',
                  width: '18%',
                  cell: ({ expiresAt }) =>
                    expiresAt === undefined ? <span className="quiet">never</span> : <RelativeTime at={expiresAt} />,
                },
                {
                  name: 'Revoke',
                  width: '16%',
                  cell: ({ id, name }) => (
                    <Button
                      size="xs"
                      variant="default"
                      aria-label={`Revoke ${name}`}
                      loading={revoke.isPending && revoke.variables === id}
                      onClick={() => revoke.mutate(id)}
                    >
                      Revoke
                    </Button>
                  ),
                },
              ]}
            />
          )
        }
      </Answer>
      <Refusal error={revoke.error} />
      <NewKey />
    </Section>
  )
}
