/** What this deployment is to AWS, and whether what it works with is what the tables say. */
import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { hg } from '../api.ts'
import { Answer } from '../ui/answer.tsx'
import { Facts, Section } from '../ui/page.tsx'
import { Refusal } from '../ui/refusal.tsx'
import { CopyText } from '../ui/scope-path.tsx'
import { StateBadge } from '../ui/state-badge.tsx'
import { useWrite } from '../ui/use-write.ts'
import { counted } from '../ui/words.ts'

export function DeploymentSection() {
  const tenant = useQuery({
    queryKey: ['tenant'],
    queryFn: () => hg.deployment.tenant(),
    refetchInterval: false,
    staleTime: Number.POSITIVE_INFINITY,
  })
  const verify = useWrite(() => hg.deployment.verifyIndex())
  return (
    <Section title="This deployment">
      <Answer query={tenant} what="the tenant id">
        {({ id }) => (
          <Facts
            facts={[
              [
                'Tenant id',
                <span key="id">
                  <code>{id}</code> <CopyText text={id} what="the tenant id" />
                  <span className="quiet small"> The external id of every role that Headgate assumes in AWS.</span>
                </span>,
              ],
            ]}
          />
        )}
      </Answer>
      <p className="quiet">
        Who reaches what is worked out in memory, change by change, and held against the tables now and then. If
        something looks wrong, hold it against them now: where they differ, a new one takes its place.
      </p>
      <div>
        <Button variant="default" loading={verify.isPending} onClick={() => verify.mutate()}>
          Check it against the tables
        </Button>
      </div>
      {verify.data !== undefined && (
        <div role="status">
          {verify.data.isRight ? (
            <StateBadge tone="active" word={`Both say the same, as of change ${verify.data.sequence}`} />
          ) : (
            <>
              <StateBadge
                tone="failed"
                word={`${counted(verify.data.count, 'difference')}: what was in memory was replaced`}
              />
              <p className="quiet">{verify.data.differences.join(', ')}</p>
            </>
          )}
        </div>
      )}
      <Refusal error={verify.error} />
    </Section>
  )
}
