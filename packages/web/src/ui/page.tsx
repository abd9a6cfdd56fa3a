/** The frame of a screen: its title in the window and on top, what it is about, sections below. */
import type { ReactNode } from 'react'
import classes from './page.module.css'

interface PageProps {
  readonly title: string
  /** Above the title: where this belongs. */
  readonly above?: ReactNode
  /** Beside the title: its state. */
  readonly beside?: ReactNode
  readonly lead?: ReactNode
  readonly children: ReactNode
}

export function Page({ title, above, beside, lead, children }: PageProps) {
  return (
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
      {children}
    </div>
  )
}

interface SectionProps {
  readonly title: string
  readonly beside?: ReactNode
  readonly children: ReactNode
}

export function Section({ title, beside, children }: SectionProps) {
  return (
    <section className={classes.section} aria-label={title}>
      <div className={classes.titleLine}>
        <h2>{title}</h2>
        {beside}
      </div>
      {children}
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
