/** What a change would do: how many people, data sources and grants, then who, row by row. */
import { Link } from '@tanstack/react-router'
import { DataTable } from '../ui/data-table.tsx'
import { PersonName } from '../ui/person-name.tsx'
import { counted } from '../ui/words.ts'
import classes from './preview.module.css'
import { type Effect, lasting, noTokenWords } from './words.ts'

export function EffectShown({ effect }: { readonly effect: Effect }) {
  const { people, dataSources, entitlements, integrations, items, total, hidden, noToken } = effect
  return (
    <>
      <dl className={classes.numbers}>
        <Count name="People gaining" count={people.gaining} />
        <Count name="People losing" count={people.losing} />
        {people.raised > 0 && <Count name="Raised to write" count={people.raised} />}
        {people.lowered > 0 && <Count name="Lowered to read" count={people.lowered} />}
        <Count name="Data sources gaining" count={dataSources.gaining} />
        <Count name="Data sources losing" count={dataSources.losing} />
        <Count name="Entitlements" count={entitlements.after} before={entitlements.before} />
      </dl>
      {integrations.length > 0 && <Grants integrations={integrations} />}
      {items.length > 0 && <Movements items={items} />}
      {total > items.length && (
        <p className="quiet">
          The first {counted(items.length, 'movement')} of {total.toLocaleString('en')}.
        </p>
      )}
      {hidden > 0 && <p className="quiet">{counted(hidden, 'more movement')} on data sources that you may not see.</p>}
      {noToken !== undefined && (
        <p>{noTokenWords[noToken]} for what is stored to be held against this preview: it may differ from it.</p>
      )}
    </>
  )
}

function Count({ name, count, before }: { readonly name: string; readonly count: number; readonly before?: number }) {
  return (
    <div data-none={(count === 0 && before === undefined) || undefined}>
      <dt>{name}</dt>
      <dd>
        {count.toLocaleString('en')}
        {before !== undefined && before !== count && <span> from {before.toLocaleString('en')}</span>}
      </dd>
    </div>
  )
}

function Grants({ integrations }: { readonly integrations: Effect['integrations'] }) {
  return (
    <DataTable
      caption="Grants in AWS"
      rows={integrations}
      rowKey={({ integrationId }) => integrationId}
      columns={[
        { name: 'Integration', width: '22%', cell: ({ name }) => name },
        { name: 'Creates', width: '14%', cell: ({ grants }) => counted(grants.create, 'grant') },
        { name: 'Revokes', width: '14%', cell: ({ grants }) => counted(grants.revoke, 'grant') },
        {
          name: 'Unmapped',
          width: '19%',
          cell: ({ unmapped }) =>
            unmapped === 0 ? <span className="quiet">none</span> : unmapped.toLocaleString('en'),
        },
        {
          name: 'Then used of the quota',
          cell: ({ quota, estimatedSeconds }) => (
            <>
              {quota.usedAfter.toLocaleString('en')} of {quota.of.toLocaleString('en')}
              {estimatedSeconds !== undefined && <div className="quiet small">takes {lasting(estimatedSeconds)}</div>}
            </>
          ),
        },
      ]}
    />
  )
}

function Movements({ items }: { readonly items: Effect['items'] }) {
  return (
    <DataTable
      caption="Who gains and loses"
      rows={items}
      rowKey={({ user, dataSource }) => `${user.id} ${dataSource.id}`}
      columns={[
        {
          name: 'Person',
          width: '38%',
          cell: ({ user }) => (
            <PersonName name={user.name} userid={user.userid}>
              {shown => (
                <Link to="/people/$id" params={{ id: String(user.id) }}>
                  {shown}
                </Link>
              )}
            </PersonName>
          ),
        },
        { name: 'Moves', width: '22%', cell: ({ before, after }) => <Moves before={before} after={after} /> },
        {
          name: 'On',
          cell: ({ dataSource, opens }) => (
            <>
              <Link to="/data-sources/$id" params={{ id: String(dataSource.id) }}>
                {dataSource.name}
              </Link>
              {opens !== undefined && opens.total > 0 && (
                <div className="quiet small">
                  and reads what lies inside:{' '}
                  {opens.items
                    .slice(0, 3)
                    .map(({ name }) => name)
                    .join(', ')}
                  {opens.total > 3 && `, ${counted(opens.total - 3, 'other')}`}
                </div>
              )}
            </>
          ),
        },
      ]}
    />
  )
}

type Level = Effect['items'][number]['before']

function Moves({ before, after }: { readonly before: Level; readonly after: Level }) {
  if (before === undefined) return `Gains ${levelWords(after)}`
  if (after === undefined) return <strong>Loses {levelWords(before)}</strong>
  return (
    <>
      From {levelWords(before)} to {levelWords(after)}
    </>
  )
}

function levelWords(level: Level): string {
  return level === 'WRITE' ? 'read and write' : 'read'
}
