/** How much room AWS has left in the account and region of an integration, and how long it lasts. */
import { api, type CapacityOfPlace, type Integration } from '@headgate/core/api'
import { useQuery } from '@tanstack/react-query'
import { hg } from '../api.ts'
import { mayCall, useMe } from '../me.ts'
import { Answer, Nothing } from '../ui/answer.tsx'
import { Facts, Section } from '../ui/page.tsx'
import { RelativeTime } from '../ui/relative-time.tsx'
import { ServerText } from '../ui/server-text.tsx'
import { StateBadge } from '../ui/state-badge.tsx'
import classes from './capacity-section.module.css'
import { SetQuotas } from './set-quotas.tsx'

/** It moves slowly. */
const restMs = 15_000

export function CapacitySection({ config }: { readonly config: Integration['config'] }) {
  const maySet = mayCall(useMe(), api.capacity.setQuotas)
  const capacity = useQuery({ queryKey: ['capacity'], queryFn: () => hg.capacity.list(), refetchInterval: restMs })
  return (
    <Section title="Room in AWS">
      <Answer query={capacity} what="the room in AWS">
        {places => {
          const here = places.find(
            ({ awsAccountId, awsRegion }) => awsAccountId === config.awsAccountId && awsRegion === config.awsRegion,
          )
          return here === undefined ? (
            <Nothing title="Not known yet" />
          ) : (
            <>
              <Room place={here} />
              {maySet && <SetQuotas key={`${here.grants.of} ${here.locations.of}`} place={here} />}
            </>
          )
        }}
      </Answer>
    </Section>
  )
}

function Room({ place: { grants, locations, listedAt, fullSince, message } }: { readonly place: CapacityOfPlace }) {
  return (
    <>
      {(fullSince !== undefined || message !== undefined) && (
        <p role="alert">
          <StateBadge
            tone={fullSince === undefined ? 'held' : 'failed'}
            word={fullSince === undefined ? 'Filling up' : 'Full'}
          />{' '}
          {message !== undefined && <ServerText text={message} />}
        </p>
      )}
      <Facts
        facts={[
          [
            'Grants',
            <div key="grants">
              <Used name="Grants used" {...grants} />
              <div className="quiet small">
                {grants.ours.toLocaleString('en')} of them Headgate's
                {grants.perDay !== undefined && `; ${perDay(grants.perDay)} a day`}
                {grants.runsOutAt !== undefined && (
                  <>
                    ; full <RelativeTime at={grants.runsOutAt} /> if it goes on like this
                  </>
                )}
              </div>
            </div>,
          ],
          ['Locations', <Used key="locations" name="Locations used" {...locations} />],
          [
            'Counted',
            listedAt === undefined ? (
              'only what Headgate made is known: AWS has not been listed yet'
            ) : (
              <RelativeTime key="at" at={listedAt} />
            ),
          ],
        ]}
      />
    </>
  )
}

interface UsedProps {
  readonly name: string
  readonly used: number
  readonly of: number
  readonly warning?: 80 | 95 | 100 | undefined
}

function Used({ name, used, of, warning }: UsedProps) {
  return (
    <div className={classes.used}>
      <progress aria-label={name} max={of} value={Math.min(used, of)} data-warning={warning} />
      <span>
        {used.toLocaleString('en')} of {of.toLocaleString('en')}
      </span>
      {warning !== undefined && <StateBadge tone={warning === 80 ? 'held' : 'failed'} word={`Over ${warning} %`} />}
    </div>
  )
}

function perDay(count: number): string {
  const rounded = Math.round(count * 10) / 10
  return `${rounded > 0 ? '+' : ''}${rounded.toLocaleString('en')}`
}
