/** Why the server did not do what a form or a button asked for; nothing while there is nothing to say. */
import { ApiError } from '@headgate/core/api'
import { IconAlertTriangle } from '@tabler/icons-react'
import { errorWords } from './error-words.ts'
import classes from './refusal.module.css'
import { ServerText } from './server-text.tsx'

export function Refusal({ error }: { readonly error: Error | null }) {
  if (error === null) return null
  const issues = error instanceof ApiError ? (error.body.errors as { message: string }[] | undefined) : undefined
  return (
    <div role="alert" className={classes.refusal}>
      <IconAlertTriangle size={18} aria-hidden="true" />
      <div>
        <p>
          <ServerText text={errorWords(error).text} />
        </p>
        {issues?.map(({ message }) => (
          <p key={message}>
            <ServerText text={message} />
          </p>
        ))}
      </div>
    </div>
  )
}
