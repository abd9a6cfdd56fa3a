/** One identity provider: what it may say, how people sign in through it, how it syncs, and the end of it. */
import { api, type IdentityProvider } from '@headgate/core/api'
import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { hg, versionOf } from '../api.ts'
import { ValidationTests } from '../integrations/validation-tests.tsx'
import { mayCall, useMe } from '../me.ts'
import { PageAnswer } from '../ui/answer.tsx'
import { Facts, Page, Section } from '../ui/page.tsx'
import { Refusal } from '../ui/refusal.tsx'
import { RemoveSection } from '../ui/remove-section.tsx'
import { CopyText } from '../ui/scope-path.tsx'
import { StateBadge } from '../ui/state-badge.tsx'
import { useWrite } from '../ui/use-write.ts'
import { counted } from '../ui/words.ts'
import { EditProvider } from './edit-provider.tsx'
import { PeopleSection } from './people-section.tsx'
import { ScimSection } from './scim-section.tsx'
import { enabledWords } from './words.ts'

const route = getRouteApi('/shell/identity-providers/$id')

export function ProviderPage() {
  const { id } = route.useParams()
  const provider = useQuery({
    queryKey: ['identity provider', id],
    queryFn: () => hg.identityProviders.get({ params: { id } }),
  })
  return (
    <PageAnswer query={provider} what={`identity provider ${id}`}>
      {found => <Shown key={found.id} provider={found} />}
    </PageAnswer>
  )
}

function Shown({ provider }: { readonly provider: IdentityProvider }) {
  const mayChange = mayCall(useMe(), api.identityProviders.replace)
  const { id, name, enabled, oidc, redirectUri, people, groups, hasScim } = provider
  return (
    <Page
      title={name}
      above={<Link to="/identity-providers">Identity providers</Link>}
      beside={<StateBadge {...enabledWords(enabled)} />}
      lead={enabled ? undefined : 'Nobody signs in through it; what it said before stays.'}
    >
      <Facts
        facts={[
          [
            'Redirect URI',
            redirectUri === undefined ? (
              <>
                Set the public address in the <Link to="/settings">settings</Link> first.
              </>
            ) : (
              <>
                <code>{redirectUri}</code> <CopyText text={redirectUri} what="the redirect URI" />
                <div className="quiet small">Register it at the provider: there browsers are sent back to.</div>
              </>
            ),
          ],
          ['Signing in', oidc === null ? 'not set up' : `OpenID Connect, ${oidc.issuer}`],
          [
            'Unknown people',
            oidc?.createsUsers ? 'are made at their first sign-in' : 'do not get in by signing in alone',
          ],
          ['May say attributes', list(provider.attributeKeys)],
          ['May say groups', list(provider.groupPatterns)],
          [
            'Brought',
            <Link key="people" to="/people" search={{ provider: name }}>
              {counted(people, 'person', 'people')}, {counted(groups, 'group')}
            </Link>,
          ],
        ]}
      />
      {mayChange && oidc !== null && <Check id={id} />}
      {mayChange && <Edit provider={provider} />}
      {mayChange && <ScimSection id={id} hasScim={hasScim} />}
      <PeopleSection provider={provider} />
      {mayChange && <Remove provider={provider} />}
    </Page>
  )
}

function list(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.join(', ')
}

function Check({ id }: { readonly id: number }) {
  const check = useWrite(() => hg.identityProviders.check({ params: { id } }))
  return (
    <>
      <Section title="Does it answer?">
        <Button variant="default" loading={check.isPending} onClick={() => check.mutate()}>
          Check it now
        </Button>
        <Refusal error={check.error} />
      </Section>
      {check.data !== undefined && (
        <ValidationTests results={{ status: check.data.status, validationTests: check.data.steps }} />
      )}
    </>
  )
}

function Edit({ provider }: { readonly provider: IdentityProvider }) {
  // What is shown when the form opens and its version: what somebody else changes meanwhile is not overwritten.
  const [opened, setOpened] = useState<{ readonly provider: IdentityProvider; readonly version: string }>()
  const path = `/identity-providers/${provider.id}`
  const open = useWrite(async () => {
    const version = await versionOf(path)
    return { version, provider: await hg.identityProviders.get({ params: { id: provider.id } }) }
  }, setOpened)
  return (
    <Section title="What it may do">
      {opened === undefined ? (
        <Button variant="default" loading={open.isPending} onClick={() => open.mutate()}>
          {provider.oidc === null ? 'Set it up' : 'Edit'}
        </Button>
      ) : (
        <EditProvider {...opened} close={() => setOpened(undefined)} />
      )}
      <Refusal error={open.error} />
    </Section>
  )
}

function Remove({ provider: { id, name, people, groups } }: { readonly provider: IdentityProvider }) {
  const navigate = useNavigate()
  const isUsed = people + groups > 0
  return (
    <RemoveSection
      verb={`Delete ${name}${isUsed ? `, with what it said of ${counted(people, 'person', 'people')}` : ''}`}
      write={() => hg.identityProviders.remove({ params: { id }, query: isUsed ? { force: 'true' } : {} })}
      done={() => navigate({ to: '/identity-providers' })}
    >
      {isUsed
        ? `${counted(people, 'person', 'people')} can no longer sign in through ${name}. Every group, attribute and AWS identity that it said goes, ${counted(groups, 'group')} among them, and the access that follows from it.`
        : `Nobody came through ${name} yet: nothing else changes.`}{' '}
      It cannot be undone.
    </RemoveSection>
  )
}
