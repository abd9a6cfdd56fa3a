/** Writing a form, an agreement or a review flow. What is wrong with it, the server says by its place in the text. */
import { Button, Textarea, TextInput } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import forms from '../ui/form.module.css'
import { ReadyButton, stillToSay } from '../ui/ready-button.tsx'
import { Refusal } from '../ui/refusal.tsx'
import type { Write } from '../ui/use-write.ts'
import type { Kind, Template } from './kind.ts'
import classes from './template.module.css'

interface Props<One extends Template, Input> {
  readonly kind: Kind<One, Input>
  /** What it says now; absent: a new one. */
  readonly one?: One
  readonly verb: string
  readonly write: Write<unknown, Input>
  readonly onLeave: () => void
}

export function TemplateEditor<One extends Template, Input>({
  kind,
  one,
  verb,
  write: save,
  onLeave,
}: Props<One, Input>) {
  const [name, setName] = useState(one?.name ?? '')
  const [description, setDescription] = useState(one?.description ?? '')
  const [text, write] = useState(one === undefined ? kind.beginning : kind.textOf(one))
  const [isText, setText] = useState(false)
  const [unreadable, setUnreadable] = useState<string>()
  function submit(event: FormEvent) {
    event.preventDefault()
    try {
      save.mutate(kind.inputOf(name.trim(), description, text))
      setUnreadable(undefined)
    } catch (caught) {
      if (!(caught instanceof SyntaxError)) throw caught
      setUnreadable(`This is not JSON: ${caught.message}`)
    }
  }
  const { text: words, design, Check } = kind
  const isDesigned = design !== undefined && !isText && design.canShow(text)
  return (
    <div className={classes.beside} data-has-picture={design?.Picture && ''}>
      <form className={forms.fields} onSubmit={submit}>
        <TextInput
          label="Name"
          required
          maxLength={255}
          value={name}
          onChange={event => setName(event.currentTarget.value)}
        />
        <TextInput
          label="Description"
          value={description}
          maxLength={4096}
          onChange={event => setDescription(event.currentTarget.value)}
        />
        {design !== undefined && (
          <fieldset className={classes.ways}>
            <legend className="visually-hidden">How to write it</legend>
            <button type="button" aria-pressed={!isText} onClick={() => setText(false)}>
              Designer
            </button>
            <button type="button" aria-pressed={isText} onClick={() => setText(true)}>
              Text
            </button>
          </fieldset>
        )}
        {isDesigned && <design.Designer text={text} onChange={write} />}
        {!isDesigned && design !== undefined && !isText && (
          <p role="alert">
            The designer cannot show what the text says now: it is not complete, or holds what the designer does not
            know. Mend it in the text.
          </p>
        )}
        {!isDesigned && (design === undefined || isText) && (
          <Textarea
            label={words.label}
            description={words.help}
            required
            autosize
            minRows={8}
            maxRows={30}
            spellCheck={!words.isCode}
            {...(words.isCode && { styles: { input: { fontFamily: 'var(--mantine-font-family-monospace)' } } })}
            {...(unreadable !== undefined && { error: unreadable })}
            value={text}
            onChange={event => write(event.currentTarget.value)}
          />
        )}
        {Check && <Check text={text} />}
        <div className={forms.actions}>
          <ReadyButton
            type="submit"
            missing={stillToSay(
              name.trim() === '' && 'its name',
              text.trim() === '' && `the ${words.label.toLowerCase()}`,
            )}
            loading={save.isPending}
          >
            {verb}
          </ReadyButton>
          <Button variant="default" onClick={onLeave}>
            Leave it
          </Button>
        </div>
        <Refusal error={save.error} />
      </form>
      {design?.Picture && <design.Picture text={text} />}
    </div>
  )
}
