/** Why somebody reaches something: every reason as a sentence that names and leads to what gives it. */
import type { AccessRow } from '@headgate/core/api'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import classes from './because.module.css'
import { RelativeTime } from './relative-time.tsx'

type Reason = AccessRow['because'][number]

export function Because({
  row,
  linkPolicies,
  children,
}: {
  readonly row: Pick<AccessRow, 'user' | 'because' | 'selfGiven'>
  readonly linkPolicies: boolean
  /** Behind the last reason: the way to more. */
  readonly children?: ReactNode
}) {
  return (
    <ul className={classes.reasons}>
      {row.because.length === 0 && <li className="quiet">Nothing any more</li>}
      {row.because.map((reason, place) => (
        <li key={`${reason.kind} ${reason.id} ${reason.level}`}>
          <ReasonText reason={reason} linkPolicies={linkPolicies} />
          {place === row.because.length - 1 && children !== undefined && <> {children}</>}
        </li>
      ))}
      {row.selfGiven && (
        <li className={classes.selfGiven}>Self-given: every reason was made by {row.user.name} alone</li>
      )}
    </ul>
  )
}

function ReasonText({ reason, linkPolicies }: { readonly reason: Reason; readonly linkPolicies: boolean }): ReactNode {
  const level = reason.level === 'WRITE' ? 'read and write' : 'read'
  const until = reason.until !== undefined && (
    <>
      , ends <RelativeTime at={reason.until} />
    </>
  )
  if (reason.kind === 'policy') {
    const name = linkPolicies ? (
      <Link to="/policies/$id" params={{ id: String(reason.id) }}>
        {reason.name}
      </Link>
    ) : (
      <strong>{reason.name}</strong>
    )
    return (
      <>
        Policy {name}: {level}
        {reason.version !== undefined && <span className="quiet"> (version {reason.version})</span>}
        {until}
      </>
    )
  }
  if (reason.kind === 'overlap') {
    const outer = reason.via ?? reason
    return (
      <>
        Covered by{' '}
        <Link to="/data-sources/$id" params={{ id: String(outer.id) }}>
          {outer.name}
        </Link>
        , whose scope contains this one: {level}
        {until}
      </>
    )
  }
  if (reason.kind === 'membership') {
    return (
      <>
        Approved for the data product <strong>{reason.product?.name}</strong>: {level}
        {until}
      </>
    )
  }
  return (
    <>
      {reason.via ? (
        <>
          Member through the group <strong>{reason.via.name}</strong>
        </>
      ) : (
        'Member by name'
      )}
      : {level}
      {until}
      {reason.name !== '' && <span className="quiet"> — “{reason.name}”</span>}
    </>
  )
}
