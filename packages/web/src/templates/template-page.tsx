/** One form, agreement or review flow: what it says, what uses it, every version, and changing it. */
import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { versionOf } from '../api.ts'
import { seesTheWhole, useMe } from '../me.ts'
import { Answer, Nothing, PageAnswer } from '../ui/answer.tsx'
import forms from '../ui/form.module.css'
import { Page, Section } from '../ui/page.tsx'
import { Refusal } from '../ui/refusal.tsx'
import { useWrite } from '../ui/use-write.ts'
import { TemplateEditor } from './editor.tsx'
import type { Kind, Template } from './kind.ts'
import { Versions } from './versions.tsx'

const most = 100

interface Props<One extends Template, Input> {
  readonly kind: Kind<One, Input>
  readonly id: number
}

export function TemplatePage<One extends Template, Input>({ kind, id }: Props<One, Input>) {
  const me = useMe()
  const governs = me.permissions.includes('GOVERNANCE')
  const found = useQuery({ queryKey: [kind.path, id], queryFn: () => kind.routes.get({ params: { id } }) })
  return (
    <PageAnswer query={found} what={`the ${kind.one}`}>
      {one => (
        <Page
          title={one.name}
          above={<Link to={kind.to}>{kind.title}</Link>}
          lead={one.description === '' ? undefined : one.description}
        >
          <Section title="What it says" beside={<span className="quiet">version {one.version}</span>}>
            {kind.shown(one)}
          </Section>
          {governs && !one.builtIn && <Change kind={kind} one={one} />}
          {one.builtIn && (
            <p className="quiet">It is part of Headgate and stays as it is: where none is chosen, it stands.</p>
          )}
          {seesTheWhole(me) && <UsedBy kind={kind} id={id} />}
          <Versions kind={kind} one={one} />
        </Page>
      )}
    </PageAnswer>
  )
}

interface ChangeProps<One extends Template, Input> {
  readonly kind: Kind<One, Input>
  readonly one: One
}

/** The version is that of what is shown when the editor opens: nothing written meanwhile is overwritten. */
function Change<One extends Template, Input>({ kind, one }: ChangeProps<One, Input>) {
  const navigate = useNavigate()
  const [ifMatch, setIfMatch] = useState<string>()
  const [isDeleting, setDeleting] = useState(false)
  const [failed, setFailed] = useState<Error | null>(null)
  const params = { id: one.id }
  const leave = () => setIfMatch(undefined)
  const edit = useWrite((body: Input) => kind.routes.edit({ params, body, ifMatch: ifMatch ?? '' }), leave)
  const remove = useWrite(
    async () => kind.routes.remove({ params, ifMatch: await versionOf(`${kind.path}/${one.id}`) }),
    () => navigate({ to: kind.to }),
  )
  if (ifMatch !== undefined) {
    return (
      <Section title="Change it">
        <p className="quiet">Requests that were made before keep the version that they were made by.</p>
        <TemplateEditor kind={kind} one={one} verb="Save it as a new version" write={edit} onLeave={leave} />
      </Section>
    )
  }
  return (
    <Section title="Change it">
      <div className={forms.actions}>
        <Button variant="default" onClick={() => void versionOf(`${kind.path}/${one.id}`).then(setIfMatch, setFailed)}>
          Edit
        </Button>
        {isDeleting ? (
          <>
            <Button color="red.9" loading={remove.isPending} onClick={() => remove.mutate()}>
              Delete {one.name} for good
            </Button>
            <Button variant="default" onClick={() => setDeleting(false)}>
              Leave it
            </Button>
          </>
        ) : (
          <Button variant="default" onClick={() => setDeleting(true)}>
            Delete
          </Button>
        )}
      </div>
      <Refusal error={remove.error ?? failed} />
    </Section>
  )
}

function UsedBy<One extends Template, Input>({ kind, id }: Props<One, Input>) {
  const users = useQuery({
    queryKey: [kind.path, id, 'used by'],
    queryFn: () => kind.routes.usedBy({ params: { id }, query: { limit: most } }),
  })
  return (
    <Section title="What uses it">
      <Answer query={users} what="what uses it">
        {({ items, total }) =>
          items.length === 0 ? (
            <Nothing title="Nothing names it">Where none is chosen, the standard one stands.</Nothing>
          ) : (
            <>
              <ul>
                {items.map(user => (
                  <li key={`${user.kind} ${user.id}`}>
                    <UserLink {...user} />
                  </li>
                ))}
              </ul>
              {total > items.length && <p className="quiet">And {(total - items.length).toLocaleString('en')} more.</p>}
            </>
          )
        }
      </Answer>
    </Section>
  )
}

interface UserProps {
  readonly kind: 'dataProduct' | 'policy' | 'form'
  readonly id: string
  readonly name: string
}

function UserLink({ kind, id, name }: UserProps) {
  if (kind === 'dataProduct') {
    return (
      <>
        the data product{' '}
        <Link to="/data-products/$id" params={{ id }}>
          {name}
        </Link>
      </>
    )
  }
  if (kind === 'policy') {
    return (
      <>
        the policy{' '}
        <Link to="/policies/$id" params={{ id }}>
          {name}
        </Link>
      </>
    )
  }
  return (
    <>
      the form{' '}
      <Link to="/request-forms" search={{ id: Number(id) }}>
        {name}
      </Link>
    </>
  )
}
