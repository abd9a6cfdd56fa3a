/** Whom a policy takes: its expression, everybody, or nobody until somebody decides. */
import type { Policy } from '@headgate/core/api'
import { Link } from '@tanstack/react-router'
import { CopyText } from '../ui/scope-path.tsx'
import { permissionWords } from '../ui/words.ts'
import classes from './policy-page.module.css'
import type { Criterion } from './review-draft.ts'

type Review = Extract<Policy['who'], { onRequest: unknown }>['onRequest']['review']

export function WhoTakes({ who, kind }: Pick<Policy, 'who' | 'kind'>) {
  if ('everyone' in who) {
    return <p>{kind === 'grant' ? 'Everyone who is not disabled.' : 'Nothing: everyone passes.'}</p>
  }
  if ('onRequest' in who) return <OnRequest review={who.onRequest.review} />
  return (
    <div className={classes.expression}>
      <pre>
        <code>{who.when}</code>
      </pre>
      <CopyText text={who.when} what="the expression" />
    </div>
  )
}

function OnRequest({ review: { stages } }: { readonly review: Review }) {
  return (
    <>
      <p>Nobody by itself: people may ask, and who is approved becomes a member.</p>
      <ol className={classes.stages}>
        {stages.map((stage, place) => {
          const [needs, criteria] =
            'any' in stage ? ['One approval, by', stage.any] : ['One approval each by', stage.all]
          return (
            <li key={JSON.stringify(stage)}>
              <span className="quiet">{stages.length > 1 && `Stage ${place + 1}. `}</span>
              {needs}{' '}
              {criteria.map((criterion, at) => (
                <span key={JSON.stringify(criterion)}>
                  {at > 0 && ('any' in stage ? ' or ' : ' and ')}
                  <CriterionWords criterion={criterion} />
                </span>
              ))}
            </li>
          )
        })}
      </ol>
    </>
  )
}

function CriterionWords({ criterion }: { readonly criterion: Criterion }) {
  if ('user' in criterion) return <strong>{criterion.user}</strong>
  if ('group' in criterion) {
    return (
      <>
        somebody in{' '}
        <Link to="/groups" search={{ search: criterion.group }}>
          {criterion.group}
        </Link>
      </>
    )
  }
  if ('permission' in criterion)
    return `somebody with the permission ${permissionWords[criterion.permission].split(':')[0]}`
  if ('domainRight' in criterion) {
    const right = criterion.domainRight.toLowerCase().replaceAll('_', ' ')
    return `somebody with the right to ${right} in ${criterion.domain ?? 'the domain of what is asked for'}`
  }
  const { key, value } = criterion.attribute
  return (
    <>
      somebody with{' '}
      <code>
        {key}: {value ?? 'any value'}
      </code>
    </>
  )
}
