/** What an integration is allowed to do to AWS by itself: its mode, its brake, and what waits because of them. */
import { api } from '@headgate/core/api'
import { Button, NativeSelect } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { hg } from '../api.ts'
import { mayCall, useMe } from '../me.ts'
import { Answer } from '../ui/answer.tsx'
import { Facts, Section } from '../ui/page.tsx'
import { ReadyButton } from '../ui/ready-button.tsx'
import { Refusal } from '../ui/refusal.tsx'
import { RelativeTime } from '../ui/relative-time.tsx'
import { StateBadge } from '../ui/state-badge.tsx'
import { counted } from '../ui/words.ts'
import classes from './restraint.module.css'
import { type Mode, modeWords, type Restraint } from './restraints.ts'
import { SetBrake } from './set-brake.tsx'

export function RestraintSection({ id }: { readonly id: string }) {
  const me = useMe()
  const restraint = useQuery({
    queryKey: ['restraint of', id],
    queryFn: () => hg.restraint.get({ params: { id } }),
  })
  return (
    <Section
      title="Mode and brake"
      beside={
        mayCall(me, api.runs.list) && (
          <Link to="/runs" search={{ integration: id }}>
            Runs
          </Link>
        )
      }
    >
      <Answer query={restraint} what="mode and brake">
        {found => (
          <>
            <Shown restraint={found} seesRuns={mayCall(me, api.runs.get)} />
            <div className={classes.changes}>
              {mayCall(me, api.restraint.setMode) && <SetMode id={id} mode={found.mode} />}
              {mayCall(me, api.restraint.setBrake) && <SetBrake id={id} brake={found.brake} />}
            </div>
          </>
        )}
      </Answer>
    </Section>
  )
}

function Shown({ restraint, seesRuns }: { readonly restraint: Restraint; readonly seesRuns: boolean }) {
  const { mode, brake, held, settledAt } = restraint
  return (
    <Facts
      facts={[
        ['Mode', mode === 'enforce' ? modeWords.enforce : <StateBadge key="mode" tone="held" word={modeWords[mode]} />],
        [
          'Brake',
          <span key="brake">
            holds when more than {counted(brake.revocations, 'revocation')} and more than {brake.percent} % of the live
            grants come within an hour; {brake.countedWithinHour.toLocaleString('en')} came in the last one
          </span>,
        ],
        [
          'Held',
          <span key="held">
            {held.byBrake + held.byMode === 0 && <span className="quiet">nothing</span>}
            {held.byMode > 0 && <div>{counted(held.byMode, 'revocation')} by the mode</div>}
            {held.byBrake > 0 && <div>{counted(held.byBrake, 'revocation')} by the brake</div>}
            {held.runs.map(run => (
              <div key={run.id} className="small">
                {seesRuns ? (
                  <Link to="/runs/$id" params={{ id: String(run.id) }}>
                    Run {run.id}
                  </Link>
                ) : (
                  `Run ${run.id}`
                )}
                : {counted(run.held, 'revocation')} since <RelativeTime at={run.since} />
              </div>
            ))}
          </span>,
        ],
        [
          'In step with AWS',
          settledAt === undefined ? (
            <span key="unsettled" className="quiet">
              not seen yet
            </span>
          ) : (
            <span key="settled">
              last seen <RelativeTime at={settledAt} />
            </span>
          ),
        ],
      ]}
    />
  )
}

function SetMode({ id, mode }: { readonly id: string; readonly mode: Mode }) {
  const queries = useQueryClient()
  const [wanted, setWanted] = useState<Mode>()
  const set = useMutation({
    mutationFn: (chosen: Mode) => hg.restraint.setMode({ params: { id }, body: { mode: chosen } }),
    onSuccess: async () => {
      setWanted(undefined)
      await queries.invalidateQueries()
    },
  })
  if (wanted === undefined) {
    return (
      <div>
        <Button variant="default" onClick={() => setWanted(mode)}>
          Change the mode
        </Button>
      </div>
    )
  }
  return (
    <div className={classes.form}>
      <NativeSelect
        label="Mode"
        value={wanted}
        data={Object.entries(modeWords).map(([value, label]) => ({ value, label }))}
        onChange={event => setWanted(event.currentTarget.value as Mode)}
      />
      {wanted !== mode && <Consequence id={id} mode={wanted} />}
      <div className={classes.buttons}>
        <ReadyButton
          missing={wanted === mode ? 'It is in this mode already: choose another.' : undefined}
          loading={set.isPending}
          onClick={() => set.mutate(wanted)}
        >
          Change the mode to {wanted}
        </ReadyButton>
        <Button variant="default" onClick={() => setWanted(undefined)}>
          Leave it
        </Button>
      </div>
      <Refusal error={set.error} />
    </div>
  )
}

/** In numbers, from the plan as it is now. */
function Consequence({ id, mode }: { readonly id: string; readonly mode: Mode }) {
  const plan = useQuery({
    queryKey: ['plan of', id],
    queryFn: () => hg.restraint.plan({ params: { id }, query: { limit: 1 } }),
    refetchInterval: false,
  })
  if (mode === 'observe') {
    return <p>From then on no grant is created and none revoked: who loses access keeps what AWS gives them.</p>
  }
  if (mode === 'add') {
    return <p>From then on grants are created and none revoked: who loses access keeps what AWS gives them.</p>
  }
  return (
    <Answer query={plan} what="what it would do now">
      {({ counts }) => (
        <p>
          At once it creates {counted(counts.create, 'grant')} and revokes {counted(counts.revoke, 'grant')}
          {counts.hold > 0 && `; the brake holds ${counted(counts.hold, 'more revocation')}`}.
        </p>
      )}
    </Answer>
  )
}
