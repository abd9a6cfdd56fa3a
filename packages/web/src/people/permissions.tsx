/** What a person may do in Headgate, and below which paths they may register data sources. */
import type { Permission, User } from '@headgate/core/api'
import { Checkbox, Textarea } from '@mantine/core'
import { useState } from 'react'
import { hg } from '../api.ts'
import forms from '../ui/form.module.css'
import { Section } from '../ui/page.tsx'
import { ReadyButton } from '../ui/ready-button.tsx'
import { Refusal } from '../ui/refusal.tsx'
import { useWrite } from '../ui/use-write.ts'
import { permissionWords } from '../ui/words.ts'

const permissions = Object.keys(permissionWords) as Permission[]

export function Permissions({ person: { id, permissions: held, dataSourceScopes = [] } }: { readonly person: User }) {
  const [chosen, setChosen] = useState<readonly Permission[]>(held)
  const [typed, setTyped] = useState(dataSourceScopes.join('\n'))
  const registers = chosen.includes('CREATE_S3_DATASOURCE')
  const scopes = registers ? typed.split(/\s+/).filter(scope => scope !== '') : []
  const save = useWrite(() =>
    hg.users.setPermissions({
      params: { id },
      body: { permissions: [...chosen], ...(scopes.length > 0 && { dataSourceScopes: scopes }) },
    }),
  )
  const isSame =
    chosen.length === held.length &&
    chosen.every(one => held.includes(one)) &&
    scopes.join(' ') === dataSourceScopes.join(' ')
  return (
    <Section title="What they may do in Headgate">
      <Checkbox.Group
        label="Permissions"
        description="None: they see their own access."
        value={[...chosen]}
        onChange={picked => setChosen(permissions.filter(one => picked.includes(one)))}
      >
        <div className={forms.choices}>
          {permissions.map(permission => (
            <Checkbox key={permission} value={permission} label={permissionWords[permission]} />
          ))}
        </div>
      </Checkbox.Group>
      {registers && (
        <Textarea
          label="Where they may register data sources"
          description="Paths such as s3://bucket/prefix/*, one a line. Empty: anywhere in the integrations."
          className={forms.wide}
          autosize
          minRows={1}
          maxRows={10}
          spellCheck={false}
          value={typed}
          onChange={event => setTyped(event.currentTarget.value)}
        />
      )}
      <div className={forms.actions}>
        <ReadyButton
          variant="default"
          missing={isSame ? 'Nothing is changed yet.' : undefined}
          loading={save.isPending}
          onClick={() => save.mutate()}
        >
          Save permissions
        </ReadyButton>
      </div>
      <Refusal error={save.error} />
    </Section>
  )
}
