/** Review flows: which requests are approved at once, and who decides about the others, stage by stage. */
import type { ReviewFlowInput } from '@headgate/core/api'
import { getRouteApi } from '@tanstack/react-router'
import { hg } from '../api.ts'
import { useMe } from '../me.ts'
import { DataTable } from '../ui/data-table.tsx'
import { ServerText } from '../ui/server-text.tsx'
import { StateBadge } from '../ui/state-badge.tsx'
import { CheckFlow, placeWords } from './check-flow.tsx'
import { FlowDesigner, OutcomeSays } from './flow-designer.tsx'
import { readFlow } from './flow-draft.ts'
import type { Kind } from './kind.ts'
import { TemplateScreen } from './template-screen.tsx'
import { TryFlow } from './try-flow.tsx'

type ReviewFlow = Awaited<ReturnType<typeof hg.reviewFlows.get>>

const beginning: Omit<ReviewFlowInput, 'name' | 'description'> = {
  rules: [],
  otherwise: { review: { stages: [{ any: [{ permission: 'GOVERNANCE' }] }] } },
}

function textOf({ rules, otherwise }: Pick<ReviewFlow, 'rules' | 'otherwise'>): string {
  return JSON.stringify({ rules, otherwise }, undefined, 2)
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
  design: { canShow: text => readFlow(text) !== undefined, Designer: FlowDesigner },
  textOf,
  // What is missing in it, the server says.
  inputOf: (name, description, text) => ({ ...(JSON.parse(text) as ReviewFlowInput), name, description }),
  shown: flow => <Shown flow={flow} />,
  Check: CheckFlow,
}

const route = getRouteApi('/shell/review-flows')

export function ReviewFlows() {
  return <TemplateScreen kind={kind} search={route.useSearch()} />
}

function Shown({ flow: { id, rules, otherwise, warnings } }: { readonly flow: ReviewFlow }) {
  const governs = useMe().permissions.includes('GOVERNANCE')
  const read = readFlow(textOf({ rules, otherwise }))
  if (read === undefined) return <pre>{textOf({ rules, otherwise })}</pre>
  const rows = [
    ...read.rules.map(rule => ({ condition: rule.if, outcome: rule.outcome })),
    { condition: undefined, outcome: read.otherwise },
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
          { name: 'Then', cell: ({ outcome }) => <OutcomeSays outcome={outcome} /> },
        ]}
      />
      {warnings.map(({ path, message }) => (
        <p key={`${path} ${message}`}>
          <StateBadge tone="held" word="Warning" /> {placeWords(path)}: <ServerText text={message} />
        </p>
      ))}
      {governs && <TryFlow id={id} />}
    </>
  )
}
