/** A button that waits for what is missing, and says what that is: below it, and to who hears the button. */
import { Button, type ButtonProps } from '@mantine/core'
import { type ComponentPropsWithoutRef, useId } from 'react'
import classes from './ready-button.module.css'

interface Props extends ButtonProps, Omit<ComponentPropsWithoutRef<'button'>, keyof ButtonProps> {
  /** A sentence; undefined: nothing is, and it can be pressed. */
  readonly missing: string | undefined
}

export function ReadyButton({ missing, disabled = false, ...button }: Props) {
  const id = useId()
  return (
    <>
      <Button
        {...button}
        disabled={disabled || missing !== undefined}
        {...(missing !== undefined && { 'aria-describedby': id })}
      />
      {missing !== undefined && (
        <p id={id} className={classes.missing}>
          {missing}
        </p>
      )}
    </>
  )
}

/** Those that are missing, in one sentence; undefined where none is. */
export function stillToSay(...gaps: readonly (string | false)[]): string | undefined {
  const missing = gaps.filter(gap => gap !== false)
  return missing.length === 0 ? undefined : `Still to be said: ${missing.join(', ')}.`
}
