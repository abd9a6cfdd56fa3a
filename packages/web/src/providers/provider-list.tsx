/** The identity providers: who says what of whom. One is made by its name alone and set up on its own page. */
import { api } from '@headgate/core/api'
import { TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { hg } from '../api.ts'
import { mayCall, useMe } from '../me.ts'
import { Answer, Nothing } from '../ui/answer.tsx'
import { DataTable } from '../ui/data-table.tsx'
import { Page, Section } from '../ui/page.tsx'
import { StateBadge } from '../ui/state-badge.tsx'
import { useWrite } from '../ui/use-write.ts'
import { counted } from '../ui/words.ts'
import { WriteForm } from '../ui/write-form.tsx'
import { enabledWords } from './words.ts'

export function ProviderList() {
  const providers = useQuery({
    queryKey: ['identity providers'],
    queryFn: () => hg.identityProviders.list({ query: { limit: 1000 } }),
  })
  const mayChange = mayCall(useMe(), api.identityProviders.create)
  return (
    <Page
      title="Identity providers"
      lead="The directories that know your people: they sign in through one, and it says their groups, attributes and AWS identity."
    >
      <Answer query={providers} what="the identity providers">
        {({ items }) =>
          items.length === 0 ? (
            <Nothing title="No identity provider">
              People sign in with a password or an API key, and everything about them is entered by hand.
            </Nothing>
          ) : (
            <DataTable
              caption="Identity providers"
              rows={items}
              rowKey={({ id }) => id}
              columns={[
                {
                  name: 'Name',
                  width: '28%',
                  cell: ({ id, name }) => (
                    <Link to="/identity-providers/$id" params={{ id: String(id) }}>
                      {name}
                    </Link>
                  ),
                },
                { name: 'By', cell: ({ oidc, hasScim }) => waysOf(oidc !== null, hasScim) },
                {
                  name: 'Brought',
                  cell: ({ people, groups }) => `${counted(people, 'person', 'people')}, ${counted(groups, 'group')}`,
                },
                { name: 'State', width: '16%', cell: ({ enabled }) => <StateBadge {...enabledWords(enabled)} /> },
              ]}
            />
          )
        }
      </Answer>
      {mayChange && <Create />}
    </Page>
  )
}

function waysOf(hasOidc: boolean, hasScim: boolean): string {
  const ways = [hasOidc && 'OpenID Connect', hasScim && 'SCIM'].filter(way => way !== false)
  return ways.length === 0 ? 'not set up yet' : ways.join(', ')
}

function Create() {
  const [name, setName] = useState('')
  const navigate = useNavigate()
  const create = useWrite(
    () => hg.identityProviders.create({ body: { name } }),
    ({ id }) => navigate({ to: '/identity-providers/$id', params: { id: String(id) } }),
  )
  return (
    <Section title="Add one">
      <WriteForm write={create} verb="Add it" disabled={name.trim() === ''}>
        <TextInput
          label="Name"
          description="It stands beside everything that comes from there, and never changes."
          maxLength={255}
          value={name}
          onChange={event => setName(event.currentTarget.value)}
        />
      </WriteForm>
    </Section>
  )
}
