/** A person, the same wherever they appear: the name, and below it what they sign in as. */
import type { ReactNode } from 'react'

interface Props {
  readonly name: string
  readonly userid: string
  /** What leads to the person, around their name. */
  readonly children: (shown: string) => ReactNode
}

export function PersonName({ name, userid, children }: Props) {
  return (
    <>
      {children(name)}
      {userid !== name && <div className="quiet small">{userid}</div>}
    </>
  )
}
