/** On every page while it lasts: an integration that does not carry everything out, and a brake that holds revocations. */
import { api, type User } from '@headgate/core/api'
import { IconHandStop } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { mayCall } from '../me.ts'
import { RelativeTime } from '../ui/relative-time.tsx'
import { counted } from '../ui/words.ts'
import classes from './restraint.module.css'
import { type Restrained, useRestraints } from './restraints.ts'

/** Told whole; what is more is counted, and the integrations' list has it. */
const toldWhole = 3

export function RestraintBanner({ me }: { readonly me: User }) {
  const restraints = useRestraints()
  const held = restraints.data?.filter(({ mode, held: { byBrake } }) => mode !== 'enforce' || byBrake > 0) ?? []
  if (held.length === 0) return null
  const seesRuns = mayCall(me, api.runs.get)
  const seesIntegrations = mayCall(me, api.integrations.get)
  return (
    <section className={classes.banner} aria-label="What is held back">
      <IconHandStop size={20} aria-hidden="true" />
      <ul>
        {held.slice(0, toldWhole).map(one => (
          <li key={one.integrationId}>
            {seesIntegrations ? (
              <Link to="/integrations/$id" params={{ id: one.integrationId }}>
                {one.name}
              </Link>
            ) : (
              one.name
            )}
            : <Told restraint={one} seesRuns={seesRuns} />
          </li>
        ))}
        {held.length > toldWhole && (
          <li>
            and{' '}
            {seesIntegrations ? (
              <Link to="/integrations">{counted(held.length - toldWhole, 'more integration')}</Link>
            ) : (
              counted(held.length - toldWhole, 'more integration')
            )}
          </li>
        )}
      </ul>
    </section>
  )
}

function Told({ restraint: { mode, held }, seesRuns }: { readonly restraint: Restrained; readonly seesRuns: boolean }) {
  const [first] = held.runs
  return (
    <>
      {mode !== 'enforce' && (
        <span>
          in mode <strong>{mode}</strong>, {mode === 'add' ? 'no access is taken away' : 'nothing is carried out'};{' '}
          {held.byMode === 0 ? 'nothing waits to be revoked' : `${counted(held.byMode, 'revocation')} held`}.{' '}
        </span>
      )}
      {held.byBrake > 0 && (
        <span>
          the brake holds <strong>{counted(held.byBrake, 'revocation')}</strong>
          {first !== undefined && (
            <>
              {' '}
              since <RelativeTime at={first.since} />
            </>
          )}
          .{' '}
          {seesRuns && first !== undefined && (
            <Link to="/runs/$id" params={{ id: String(first.id) }}>
              Look at run {first.id}
            </Link>
          )}
          {seesRuns && held.runs.length > 1 && (
            <>
              {' '}
              and{' '}
              <Link to="/runs" search={{ held: true }}>
                {counted(held.runs.length - 1, 'more run')}
              </Link>
            </>
          )}
        </span>
      )}
    </>
  )
}
