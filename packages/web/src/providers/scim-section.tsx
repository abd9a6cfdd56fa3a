/** How a provider syncs by SCIM: the address and token to give to it, and which of its attributes say what. */
import type { ScimMapping } from '@headgate/core/api'
import { Button, NativeSelect, Textarea, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { hg } from '../api.ts'
import { Answer } from '../ui/answer.tsx'
import { UserError } from '../ui/error-words.ts'
import forms from '../ui/form.module.css'
import { Facts, Section } from '../ui/page.tsx'
import { Refusal } from '../ui/refusal.tsx'
import { RelativeTime } from '../ui/relative-time.tsx'
import { CopyText } from '../ui/scope-path.tsx'
import { ShownOnce } from '../ui/shown-once.tsx'
import { useWrite } from '../ui/use-write.ts'
import { pairsOf } from './words.ts'

interface Props {
  readonly id: number
  readonly hasScim: boolean
}

export function ScimSection({ id, hasScim }: Props) {
  const turnOn = useWrite(() => hg.scimSettings.replace({ params: { id }, body: {} }))
  return (
    <Section title="Syncing by SCIM">
      {hasScim ? (
        <Settled id={id} />
      ) : (
        <>
          <p className="quiet">
            The provider tells of people and groups whenever something changes, not only when somebody signs in. Groups,
            attributes and AWS identities then come by SCIM alone.
          </p>
          <div className={forms.actions}>
            <Button variant="default" loading={turnOn.isPending} onClick={() => turnOn.mutate()}>
              Switch SCIM on
            </Button>
          </div>
        </>
      )}
      <Refusal error={turnOn.error} />
    </Section>
  )
}

function Settled({ id }: { readonly id: number }) {
  const scim = useQuery({ queryKey: ['scim of', id], queryFn: () => hg.scimSettings.get({ params: { id } }) })
  const rotate = useWrite(() => hg.scimSettings.rotateToken({ params: { id } }))
  const turnOff = useWrite(() => hg.scimSettings.remove({ params: { id } }))
  return (
    <Answer query={scim} what="how it syncs">
      {({ address, tokens, mapping }) => (
        <>
          <Facts
            facts={[
              [
                'Address',
                <span key="address">
                  <code>{address}</code> <CopyText text={address} what="the SCIM address" />
                </span>,
              ],
              ['Token', <Tokens key="tokens" tokens={tokens} />],
            ]}
          />
          {rotate.data !== undefined && <ShownOnce secret={rotate.data.token} what="the token" />}
          <div className={forms.actions}>
            <Button variant="default" loading={rotate.isPending} onClick={() => rotate.mutate()}>
              {tokens.length === 0 ? 'Make a token' : 'Make a new token: the old one serves for 24 hours'}
            </Button>
            <Button variant="default" loading={turnOff.isPending} onClick={() => turnOff.mutate()}>
              Switch SCIM off: its tokens end, what it said stays
            </Button>
          </div>
          <Refusal error={rotate.error ?? turnOff.error} />
          <Mapping id={id} mapping={mapping} />
        </>
      )}
    </Answer>
  )
}

type Token = Awaited<ReturnType<typeof hg.scimSettings.get>>['tokens'][number]

function Tokens({ tokens }: { readonly tokens: readonly Token[] }) {
  if (tokens.length === 0) return 'none yet: make one, and give it to the provider'
  return (
    <ul>
      {tokens.map(({ createdAt, lastUsedAt, expiresAt }) => (
        <li key={createdAt}>
          made <RelativeTime at={createdAt} />,{' '}
          {lastUsedAt === undefined ? (
            'never used'
          ) : (
            <>
              last used <RelativeTime at={lastUsedAt} />
            </>
          )}
          {expiresAt !== undefined && (
            <>
              , ends <RelativeTime at={expiresAt} />
            </>
          )}
        </li>
      ))}
    </ul>
  )
}

type Kind = NonNullable<ScimMapping['principal']>['kind']

function Mapping({ id, mapping }: { readonly id: number; readonly mapping: ScimMapping }) {
  const [attributes, setAttributes] = useState(mapping.attributes.map(({ path, key }) => `${path} = ${key}`).join('\n'))
  const [kind, setKind] = useState<'' | Kind>(mapping.principal?.kind ?? '')
  const [path, setPath] = useState(mapping.principal?.path ?? '')
  const save = useWrite(async () => {
    const pairs = pairsOf(attributes)
    if (pairs === undefined) throw new UserError('SCIM attributes: write each line as attribute = key.')
    const principal = kind === '' ? {} : { principal: { kind, path: path.trim() } }
    const body = { attributes: pairs.map(([from, key]) => ({ path: from, key })), ...principal }
    return hg.scimSettings.replace({ params: { id }, body })
  })
  function submit(event: FormEvent) {
    event.preventDefault()
    save.mutate()
  }
  return (
    <form className={forms.fields} onSubmit={submit} noValidate aria-label="SCIM mapping">
      <Textarea
        label="SCIM attributes that are attributes here"
        description="One a line: attribute = key. It holds for what comes from now on."
        placeholder='emails[type eq "work"].value = Email'
        autosize
        minRows={2}
        value={attributes}
        onChange={event => setAttributes(event.currentTarget.value)}
      />
      <div className={forms.row}>
        <NativeSelect
          label="AWS identity by SCIM"
          value={kind}
          data={[
            { value: '', label: 'It says nothing of it' },
            { value: 'iamRole', label: 'An IAM role' },
            { value: 'iamUser', label: 'An IAM user' },
            { value: 'identityCenterUser', label: 'An Identity Center user' },
          ]}
          onChange={event => setKind(event.currentTarget.value as '' | Kind)}
        />
        {kind !== '' && (
          <TextInput
            label="SCIM attribute of the AWS identity"
            value={path}
            onChange={event => setPath(event.currentTarget.value)}
          />
        )}
      </div>
      <div className={forms.actions}>
        <Button type="submit" variant="default" loading={save.isPending}>
          Save the mapping
        </Button>
      </div>
      {save.isSuccess && <p role="note">Saved: it holds for what comes from now on.</p>}
      <Refusal error={save.error} />
    </form>
  )
}
