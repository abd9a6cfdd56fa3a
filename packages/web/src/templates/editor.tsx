/** Writing a form, an agreement or a review flow. What is wrong with it, the server says by its place in the text. */
import { Button, Textarea, TextInput } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import forms from '../ui/form.module.css'
import { Refusal } from '../ui/refusal.tsx'
import type { Write } from '../ui/use-write.ts'
import type { Kind, Template } from './kind.ts'

interface Props<One extends Template, Input> {
  readonly kind: Kind<One, Input>
  /** What it says now; absent: a new one. */
  readonly one?: One
  readonly verb: string
  readonly write: Write<unknown, Input>
  readonly onLeave: () => void
}

export function TemplateEditor<One extends Template, Input>({ kind, one, verb, write, onLeave }: Props<One, Input>) {
  const [name, setName] = useState(one?.name ?? '')
  const [description, setDescription] = useState(one?.description ?? '')
  const [text, setText] = useState(one === undefined ? kind.beginning : kind.textOf(one))
  const [unreadable, setUnreadable] = useState<string>()
  function submit(event: FormEvent) {
    event.preventDefault()
    try {
      write.mutate(kind.inputOf(name.trim(), description, text))
      setUnreadable(undefined)
    } catch (caught) {
      if (!(caught instanceof SyntaxError)) throw caught
      setUnreadable(`This is not JSON: ${caught.message}`)
    }
  }
  return (
    <form className={forms.fields} onSubmit={submit}>
      <TextInput label="Name" required value={name} onChange={event => setName(event.currentTarget.value)} />
      <TextInput
        label="Description"
        value={description}
        maxLength={4096}
        onChange={event => setDescription(event.currentTarget.value)}
      />
      <Textarea
        label={kind.text.label}
        description={kind.text.help}
        required
        autosize
        minRows={8}
        maxRows={30}
        spellCheck={!kind.text.isCode}
        {...(kind.text.isCode && { styles: { input: { fontFamily: 'var(--mantine-font-family-monospace)' } } })}
        {...(unreadable !== undefined && { error: unreadable })}
        value={text}
        onChange={event => setText(event.currentTarget.value)}
      />
      {kind.check?.(text)}
      <div className={forms.actions}>
        <Button type="submit" disabled={name.trim() === '' || text.trim() === ''} loading={write.isPending}>
          {verb}
        </Button>
        <Button variant="default" onClick={onLeave}>
          Leave it
        </Button>
      </div>
      <Refusal error={write.error} />
    </form>
  )
}
