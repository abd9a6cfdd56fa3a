/** Which data sources a policy applies to, in words that lead to them. */
import type { Policy } from '@headgate/core/api'
import { Link } from '@tanstack/react-router'
import { ScopePath } from '../ui/scope-path.tsx'

type Condition = Extract<Policy['appliesTo'], { any: unknown }>['any'][number]

export function AppliesTo({ appliesTo }: { readonly appliesTo: Policy['appliesTo'] }) {
  if ('everything' in appliesTo) return <Link to="/data-sources">every data source</Link>
  if ('selected' in appliesTo) return 'the data sources for which their owners pick it'
  const [word, conditions] = 'any' in appliesTo ? ['or', appliesTo.any] : ['and', appliesTo.all]
  return (
    <ul>
      {conditions.map((condition, place) => (
        <li key={JSON.stringify(condition)}>
          {place > 0 && <span className="quiet">{word} </span>}
          <ConditionWords condition={condition} />
        </li>
      ))}
    </ul>
  )
}

function ConditionWords({ condition }: { readonly condition: Condition }) {
  if ('tag' in condition) {
    return (
      <>
        tagged{' '}
        <Link to="/data-sources" search={{ tag: condition.tag }}>
          {condition.tag}
        </Link>
      </>
    )
  }
  if ('domain' in condition) {
    return (
      <>
        in the domain{' '}
        <Link to="/domains/$name" params={{ name: condition.domain }}>
          {condition.domain}
        </Link>
      </>
    )
  }
  if ('integration' in condition) {
    const id = String(condition.integration)
    return (
      <>
        of{' '}
        <Link to="/integrations/$id" params={{ id }}>
          integration {id}
        </Link>
      </>
    )
  }
  if ('scope' in condition) {
    return (
      <>
        inside <ScopePath scope={condition.scope} />
      </>
    )
  }
  return (
    <>
      named <code>{condition.name}</code>
    </>
  )
}
