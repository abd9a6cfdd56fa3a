/** Review flows: which requests are approved at once, and who decides about the others, stage by stage. */
import type { ReviewFlowInput } from '@headgate/core/api'
import { getRouteApi } from '@tanstack/react-router'
import { hg } from '../api.ts'
import { useMe } from '../me.ts'
import { DataTable } from '../ui/data-table.tsx'
import { ServerText } from '../ui/server-text.tsx'
import { StateBadge } from '../ui/state-badge.tsx'
import { CheckFlow } from './check-flow.tsx'
import type { Kind } from './kind.ts'
import { TemplateScreen } from './template-screen.tsx'
import { TryFlow } from './try-flow.tsx'

type ReviewFlow = Awaited<ReturnType<typeof hg.reviewFlows.get>>
type Outcome = ReviewFlow['otherwise']

const beginning: Omit<ReviewFlowInput, 'name' | 'description'> = {
  rules: [],
  otherwise: { review: { stages: [{ any: [{ permission: 'GOVERNANCE' }] }] } },
}

const kind: Kind<ReviewFlow, ReviewFlowInput> = {
  to: '/review-flows',
  path: '/review-flows',
  title: 'Review flows',
  one: 'review flow',
  lead: 'Who decides about a request. The first rule that holds counts; nobody ever decides about themselves.',
  routes: hg.reviewFlows,
  text: {
    label: 'Rules, and what holds otherwise',
    help: 'JSON. A condition speaks of the beneficiary in the language of policies; an outcome is approve or review.',
    isCode: true,
  },
  beginning: JSON.stringify(beginning, undefined, 2),
  textOf: ({ rules, otherwise }) => JSON.stringify({ rules, otherwise }, undefined, 2),
  // What is missing in it, the server says.
  inputOf: (name, description, text) => ({ ...(JSON.parse(text) as ReviewFlowInput), name, description }),
  shown: flow => <Shown flow={flow} />,
  check: text => <CheckFlow text={text} />,
}

const route = getRouteApi('/shell/review-flows')

export function ReviewFlows() {
  return <TemplateScreen kind={kind} search={route.useSearch()} />
}

function Shown({ flow: { id, rules, otherwise, warnings } }: { readonly flow: ReviewFlow }) {
  const governs = useMe().permissions.includes('GOVERNANCE')
  const rows = [
    ...rules.map(({ if: condition, then }) => ({ condition, outcome: then })),
    { condition: undefined, outcome: otherwise },
  ]
  return (
    <>
      <DataTable
        caption="Rules"
        rows={rows.map((row, place) => ({ ...row, place }))}
        rowKey={({ place }) => place}
        columns={[
          {
            name: 'When',
            width: '45%',
            cell: ({ condition }) =>
              condition === undefined ? rows.length === 1 ? 'Always' : 'Otherwise' : <code>{condition}</code>,
          },
          { name: 'Then', cell: ({ outcome }) => <OutcomeShown outcome={outcome} /> },
        ]}
      />
      {warnings.map(({ path, message }) => (
        <p key={`${path} ${message}`}>
          <StateBadge tone="held" word="Warning" /> <code>{path}</code>: <ServerText text={message} />
        </p>
      ))}
      {governs && <TryFlow id={id} />}
    </>
  )
}

function OutcomeShown({ outcome }: { readonly outcome: Outcome }) {
  if ('approve' in outcome)
    return `Approved at once${outcome.approve.for ? `, for at most ${outcome.approve.for}` : ''}`
  return (
    <ol>
      {outcome.review.stages.map(stage => {
        const [match, criteria] = 'any' in stage ? ['one of', stage.any] : ['a different person for each of', stage.all]
        return (
          <li key={JSON.stringify(stage)}>
            {match}: {criteria.map(criterionWords).join('; ')}
          </li>
        )
      })}
    </ol>
  )
}

type Review = Extract<Outcome, { review: unknown }>['review']
type Stage = Review['stages'][number]
type Criterion = Extract<Stage, { any: unknown }>['any'][number]

function criterionWords(criterion: Criterion): string {
  if ('user' in criterion) return criterion.user
  if ('group' in criterion) return `the group ${criterion.group}`
  if ('permission' in criterion) return `whoever has ${criterion.permission}`
  if ('domainRight' in criterion) return `whoever has ${criterion.domainRight} in ${criterion.domain ?? 'its domain'}`
  const { key, value } = criterion.attribute
  return `whoever has ${key}${value === undefined ? '' : `: ${value}`}`
}
