/** The domains in which one has a right, and for governors all of them, with a way to make another. */
import { api } from '@headgate/core/api'
import { Button, Textarea, TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { type FormEvent, useCallback, useState } from 'react'
import { hg } from '../api.ts'
import { mayCall, useMe } from '../me.ts'
import { Answer, Nothing } from '../ui/answer.tsx'
import { DataTable } from '../ui/data-table.tsx'
import filters from '../ui/filters.module.css'
import forms from '../ui/form.module.css'
import { listQuery } from '../ui/list-query.ts'
import { pageOf } from '../ui/list-search.ts'
import { Page, Section } from '../ui/page.tsx'
import { Pager, pageSize } from '../ui/pager.tsx'
import { Refusal } from '../ui/refusal.tsx'
import { SearchField } from '../ui/search-field.tsx'

const route = getRouteApi('/shell/domains')

export function DomainList() {
  const search = route.useSearch()
  const navigate = useNavigate()
  const mayCreate = mayCall(useMe(), api.domains.create)
  const text = search.search === undefined ? {} : { search: search.search }
  const query = { limit: pageSize, ...pageOf(search), ...text }
  const domains = useQuery({
    ...listQuery,
    queryKey: ['domains', query],
    queryFn: () => hg.domains.list({ query }),
  })
  const onSearch = useCallback(
    (wanted: string | undefined) =>
      void navigate({ to: '/domains', search: wanted === undefined ? {} : { search: wanted }, replace: true }),
    [navigate],
  )
  return (
    <Page title="Domains" lead="Named sets of data sources, in which rights are given to people and groups.">
      <search className={filters.filters}>
        <SearchField label="Search by name" value={search.search} onChange={onSearch} />
      </search>
      <Answer query={domains} what="the domains">
        {answer =>
          answer.items.length === 0 ? (
            <Nothing title="No domain that you may see" />
          ) : (
            <>
              <DataTable
                caption="Domains"
                rows={answer.items}
                rowKey={({ name }) => name}
                stale={domains.isPlaceholderData}
                columns={[
                  {
                    name: 'Name',
                    cell: ({ name, description }) => (
                      <>
                        <Link to="/domains/$name" params={{ name }}>
                          {name}
                        </Link>
                        {description !== '' && <div className="quiet small">{description}</div>}
                      </>
                    ),
                  },
                  { name: 'Data sources', width: '18%', cell: ({ dataSources }) => dataSources.toLocaleString('en') },
                  { name: 'Policies', width: '18%', cell: ({ policies }) => policies.toLocaleString('en') },
                ]}
              />
              <Pager
                search={search}
                answer={answer}
                what="domains"
                go={place => void navigate({ to: '/domains', search: { ...text, ...place } })}
              />
            </>
          )
        }
      </Answer>
      {mayCreate && <NewDomain />}
    </Page>
  )
}

function NewDomain() {
  const queries = useQueryClient()
  const [name, setName] = useState('')
  const [description, setDescription] = useState('')
  const create = useMutation({
    mutationFn: () => hg.domains.create({ body: { name, description } }),
    onSuccess: async () => {
      setName('')
      setDescription('')
      await queries.invalidateQueries({ queryKey: ['domains'] })
    },
  })
  function submit(event: FormEvent) {
    event.preventDefault()
    create.mutate()
  }
  return (
    <Section title="New domain">
      <form onSubmit={submit} className={forms.form}>
        <TextInput
          label="Name"
          description="It stays: policies go by it."
          required
          value={name}
          onChange={event => setName(event.currentTarget.value)}
        />
        <Textarea
          label="Description"
          mt="xs"
          value={description}
          onChange={event => setDescription(event.currentTarget.value)}
        />
        <Button type="submit" mt="sm" loading={create.isPending} disabled={name.trim() === ''}>
          Create the domain
        </Button>
        <Refusal error={create.error} />
      </form>
    </Section>
  )
}
