/** The frame of a screen: its title in the window and on top, what it is about, sections below. */
import type { ReactNode } from 'react'
import { Unlisted, useListed, WithContents } from './contents.tsx'
import classes from './page.module.css'

interface PageProps {
  readonly title: string
  /** Above the title: where this belongs. */
  readonly above?: ReactNode
  /** Beside the title: its state, then what can be done; links look like the buttons that they are. */
  readonly beside?: ReactNode
  readonly lead?: ReactNode
  /** Whether a long one begins with the way to its sections. */
  readonly withContents?: boolean
  readonly children: ReactNode
}

export function Page({ title, above, beside, lead, withContents = true, children }: PageProps) {
  return (
    <WithContents>
      {contents => (
        <div className={classes.page}>
          <title>{`${title} · Headgate`}</title>
          <header className={classes.head}>
            {above !== undefined && <p className={classes.above}>{above}</p>}
            <div className={classes.titleLine}>
              <h1>{title}</h1>
              {beside}
            </div>
            {lead !== undefined && <div className={classes.lead}>{lead}</div>}
          </header>
          {withContents && contents}
          {children}
        </div>
      )}
    </WithContents>
  )
}

interface SectionProps {
  readonly title: string
  readonly beside?: ReactNode
  readonly children: ReactNode
}

export function Section({ title, beside, children }: SectionProps) {
  const { ref, id, isInner } = useListed(title)
  const Heading = isInner ? 'h3' : 'h2'
  return (
    <section ref={ref} id={id} className={classes.section} aria-label={title}>
      <div className={classes.titleLine}>
        <Heading>{title}</Heading>
        {beside}
      </div>
      <Unlisted>{children}</Unlisted>
    </section>
  )
}

/** Facts in a raised box: each a name and what it is. */
export function Facts({ facts }: { readonly facts: readonly (readonly [name: string, value: ReactNode] | false)[] }) {
  return (
    <dl className={classes.facts}>
      {facts
        .filter(fact => fact !== false)
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  )
}

export function Chips({ children }: { readonly children: ReactNode }) {
  return <ul className={classes.chips}>{children}</ul>
}
