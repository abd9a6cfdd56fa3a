/** What is wrong or odd with a review flow that is being written; nothing is stored. */
import { Button } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { hg } from '../api.ts'
import { Refusal } from '../ui/refusal.tsx'
import { ServerText } from '../ui/server-text.tsx'
import { StateBadge } from '../ui/state-badge.tsx'

type Draft = Parameters<typeof hg.reviewFlows.check>[0]['body']

export function CheckFlow({ text }: { readonly text: string }) {
  const check = useMutation({ mutationFn: async () => hg.reviewFlows.check({ body: JSON.parse(text) as Draft }) })
  const { data, error } = check
  return (
    <div>
      <Button variant="default" size="xs" loading={check.isPending} onClick={() => check.mutate()}>
        Check it
      </Button>
      {error instanceof SyntaxError ? <p role="alert">This is not JSON: {error.message}</p> : <Refusal error={error} />}
      {data !== undefined && (
        <div aria-live="polite">
          {data.valid && data.warnings.length === 0 && <StateBadge tone="active" word="Nothing wrong, nothing odd" />}
          {data.faults.map(({ path, message }) => (
            <p key={`${path} ${message}`}>
              <StateBadge tone="failed" word="Wrong" /> <code>{path}</code>: <ServerText text={message} />
            </p>
          ))}
          {data.warnings.map(({ path, message }) => (
            <p key={`${path} ${message}`}>
              <StateBadge tone="held" word="Odd" /> <code>{path}</code>: <ServerText text={message} />
            </p>
          ))}
        </div>
      )}
    </div>
  )
}
