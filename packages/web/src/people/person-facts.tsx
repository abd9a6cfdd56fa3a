/** What is known of a person: groups, attributes with their source, AWS principals, and what needs looking into. */
import type { User } from '@headgate/core/api'
import { Chips, Facts, Section } from '../ui/page.tsx'
import { RelativeTime } from '../ui/relative-time.tsx'
import { CopyText } from '../ui/scope-path.tsx'
import { ServerText } from '../ui/server-text.tsx'
import { StateBadge } from '../ui/state-badge.tsx'
import { ProductName, productOf } from '../ui/tag-chips.tsx'
import { permissionWords, principalKindWords, sourceWords } from '../ui/words.ts'
import { GroupName } from './group-name.tsx'
import { kindWords } from './kinds.ts'

export function PersonFacts({ person, isMe }: { readonly person: User; readonly isMe: boolean }) {
  return (
    <Section title={isMe ? 'What Headgate knows of you' : 'What Headgate knows of them'}>
      {person.warnings.map(warning => (
        <p key={warning}>
          <StateBadge tone="held" word="Warning" /> <ServerText text={warning} />
        </p>
      ))}
      <Facts
        facts={[
          ['Name', person.name],
          ['Signs in as', person.userid],
          person.email !== undefined && ['E-mail', person.email],
          person.kind !== 'person' && ['Kind', kindWords[person.kind]],
          ['Managed by', managedBy(person)],
          ['Groups', <Groups key="groups" person={person} />],
          ['Attributes', <Attributes key="attributes" attributes={person.attributes} />],
          ['AWS principals', <Principals key="principals" person={person} />],
          ['May do', <Permissions key="permissions" person={person} />],
        ]}
      />
    </Section>
  )
}

function managedBy({ provider, activeAtProvider }: User): string {
  if (provider === undefined) return 'user admins, by hand'
  return activeAtProvider === false ? `${provider}, which says that they are not active` : provider
}

function Groups({ person: { groups } }: { readonly person: User }) {
  if (groups.length === 0) return <span className="quiet">none</span>
  return (
    <Chips>
      {groups.map(({ id, name, source }) => (
        <li key={id}>
          <GroupName id={id} name={name} />
          {source !== 'local' && <span className="quiet"> {sourceWords(source)}</span>}
        </li>
      ))}
    </Chips>
  )
}

export function Attributes({ attributes }: Pick<User, 'attributes'>) {
  if (attributes.length === 0) return <span className="quiet">none</span>
  const byKey = Map.groupBy(attributes, ({ key }) => key)
  return (
    <ul>
      {[...byKey].map(([key, values]) => (
        <li key={key}>
          <span className="quiet">{values.some(({ value }) => productOf(value)) ? 'data product' : key}:</span>{' '}
          {values.map(({ value, source, until }, place) => (
            <span key={`${value} ${source}`}>
              {place > 0 && ', '}
              <AttributeValue value={value} />
              {source !== 'local' && <span className="quiet"> {sourceWords(source)}</span>}
              {until !== undefined && (
                <span className="quiet">
                  , ends <RelativeTime at={until} />
                </span>
              )}
            </span>
          ))}
        </li>
      ))}
    </ul>
  )
}

/** A data product that somebody was approved for goes by its name. */
function AttributeValue({ value }: { readonly value: string }) {
  const product = productOf(value)
  return product === undefined ? value : <ProductName id={product} />
}

function Principals({ person: { principals } }: { readonly person: User }) {
  if (principals.length === 0) {
    return (
      <>
        <StateBadge tone="unmapped" word="Unmapped" />
        <div className="quiet small">Without one, nothing can be granted in AWS: a user admin adds it.</div>
      </>
    )
  }
  return (
    <ul>
      {principals.map(({ kind, identifier, integrationIds, source }) => (
        <li key={`${kind} ${identifier} ${source ?? ''} ${integrationIds?.join() ?? ''}`}>
          <span className="quiet">{principalKindWords[kind]}</span> <code>{identifier}</code>{' '}
          <CopyText text={identifier} what={`the principal ${identifier}`} />
          {integrationIds !== undefined && (
            <span className="quiet small"> for integration {integrationIds.join(', ')} only</span>
          )}
          {source !== undefined && <span className="quiet small"> {sourceWords(source)}</span>}
        </li>
      ))}
    </ul>
  )
}

function Permissions({ person: { permissions } }: { readonly person: User }) {
  if (permissions.length === 0) return <>See their own access</>
  return (
    <ul>
      {permissions.map(permission => (
        <li key={permission}>{permissionWords[permission]}</li>
      ))}
    </ul>
  )
}
