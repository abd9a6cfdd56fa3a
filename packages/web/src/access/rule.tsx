/** An expression as it came out for one person: each part met or not, and what of the person it found, said by whom. */
import type { ExplainedRule } from '@headgate/core/api'
import { IconCheck, IconX } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { RelativeTime } from '../ui/relative-time.tsx'
import { principalKindWords, sourceWords } from '../ui/words.ts'
import classes from './access.module.css'

type Fact = Extract<ExplainedRule, { kind: 'call' }>['facts'][number]
type Said = Extract<Fact, { attribute: string }>['said']

export function Rule({ rule }: { readonly rule: ExplainedRule }) {
  return (
    <ul className={classes.rule}>
      <Part rule={rule} />
    </ul>
  )
}

function Part({ rule }: { readonly rule: ExplainedRule }) {
  if (rule.kind === 'call') return <Call call={rule} />
  const parts = rule.kind === 'not' ? [rule.term] : rule.terms
  const word = { and: 'All of these', or: 'Any of these', not: 'Not this' }[rule.kind]
  return (
    <li>
      <Verdict holds={rule.holds}>{word}</Verdict>
      <ul className={classes.rule}>
        {parts.map((part, place) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: parts have no name, and never change places
          <Part key={place} rule={part} />
        ))}
      </ul>
    </li>
  )
}

function Call({ call: { name, args, holds, facts } }: { readonly call: Extract<ExplainedRule, { kind: 'call' }> }) {
  return (
    <li>
      <Verdict holds={holds}>
        <code>
          @{name}({args.map(arg => `'${arg}'`).join(', ')})
        </code>
      </Verdict>
      {facts.length > 0 && (
        <ul className={classes.facts}>
          {facts.map(fact => (
            <li key={JSON.stringify(fact)}>
              <FactWords fact={fact} />
            </li>
          ))}
        </ul>
      )}
    </li>
  )
}

function Verdict({ holds, children }: { readonly holds: boolean; readonly children: ReactNode }) {
  const Icon = holds ? IconCheck : IconX
  return (
    <span className={classes.verdict} data-holds={holds}>
      <Icon size={16} aria-hidden="true" />
      <span>
        {children} <span className="quiet small">{holds ? 'holds' : 'does not hold'}</span>
      </span>
    </span>
  )
}

function FactWords({ fact }: { readonly fact: Fact }) {
  if ('attribute' in fact) {
    return (
      <>
        {fact.attribute}: <strong>{fact.value}</strong>
        {fact.tag !== undefined && <span className="quiet">, as the tag {fact.tag} asks</span>}
        <SaidWords said={fact.said} />
        {fact.from !== undefined && (
          <>
            <span className="quiet">, inherited from the group {fact.from.name}</span>
            <SaidWords said={fact.from.said} />
          </>
        )}
      </>
    )
  }
  if ('group' in fact) {
    return (
      <>
        In the group <strong>{fact.group}</strong>
        {fact.tag !== undefined && <span className="quiet">, as the tag {fact.tag} asks</span>}
        <SaidWords said={fact.said} />
      </>
    )
  }
  if ('user' in fact) return <>Signs in as {fact.user}</>
  return (
    <>
      {principalKindWords[fact.principal]} <code>{fact.identifier}</code>
      {fact.since !== undefined && (
        <span className="quiet">
          , since <RelativeTime at={fact.since} />
        </span>
      )}
    </>
  )
}

function SaidWords({ said }: { readonly said: Said }) {
  return said.map(({ source, since }) => (
    <span key={source} className="quiet">
      , {sourceWords(source)}
      {source === 'local' ? ' ' : ', since '}
      <RelativeTime at={since} />
    </span>
  ))
}
