/** What to type to get at the data: for exactly the scopes that one reaches through the product. */
import { NativeSelect } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { hg } from '../api.ts'
import { useMe } from '../me.ts'
import { Answer, Nothing } from '../ui/answer.tsx'
import forms from '../ui/form.module.css'
import { Section } from '../ui/page.tsx'
import { ServerText } from '../ui/server-text.tsx'
import { StateBadge } from '../ui/state-badge.tsx'
import { TextDocument } from '../ui/text-document.tsx'
import { useWrite } from '../ui/use-write.ts'
import { accessWords } from '../ui/words.ts'
import { WriteForm } from '../ui/write-form.tsx'
import type { Offered } from './product-page.tsx'
import { snippetsFor } from './snippets.ts'

export function HowToUse({ product }: { readonly product: Offered }) {
  const me = useMe()
  const reached = useQuery({
    queryKey: ['what', me.id],
    queryFn: () => hg.access.what({ query: { user: String(me.id), limit: 1000 } }),
  })
  const inside = new Set(product.contents.map(({ id }) => id))
  return (
    <Section title="How to use it">
      <Answer query={reached} what="what you reach">
        {({ items }) => {
          const rows = items.filter(({ dataSource }) => inside.has(dataSource.id))
          return rows.length === 0 ? (
            <Nothing title="Nothing of it reaches you yet">A guardrail may stand in the way: see below.</Nothing>
          ) : (
            <Snippets rows={rows} />
          )
        }}
      </Answer>
    </Section>
  )
}

type Row = Awaited<ReturnType<typeof hg.access.what>>['items'][number]

function Snippets({ rows }: { readonly rows: readonly Row[] }) {
  const [chosen, choose] = useState(0)
  const row = rows[chosen] ?? rows[0]
  if (row === undefined) return null
  const { dataSource, level, provisioning } = row
  return (
    <>
      <div className={forms.row}>
        <NativeSelect
          label="Data source"
          value={chosen}
          data={rows.map((one, n) => ({ value: String(n), label: one.dataSource.name }))}
          onChange={event => choose(Number(event.currentTarget.value))}
        />
      </div>
      <p>
        <StateBadge {...accessWords[provisioning.status]} /> <ServerText text={provisioning.message} />
      </p>
      {snippetsFor(dataSource.name, dataSource.scope, level).map(({ title, text }) => (
        <TextDocument key={title} title={title} text={text} />
      ))}
      <TestAccess scope={dataSource.scope} />
    </>
  )
}

/** Asks what AWS would say to this very person about the place. */
function TestAccess({ scope }: { readonly scope: string }) {
  const me = useMe()
  const ask = useWrite(() =>
    hg.access.explain({
      query: { user: String(me.id), path: scope.replace(/\*$/, scope.endsWith('/*') ? 'test' : '') },
    }),
  )
  return (
    <WriteForm write={ask} verb="Test my access">
      {ask.data?.aws !== undefined && (
        <p aria-live="polite">
          <StateBadge
            tone={ask.data.aws.layer === 'granted' ? 'active' : 'failed'}
            word={ask.data.aws.layer === 'granted' ? 'AWS would let you in' : 'AWS would refuse you'}
          />{' '}
          <ServerText text={ask.data.aws.message} />
        </p>
      )}
    </WriteForm>
  )
}
