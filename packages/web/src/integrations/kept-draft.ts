/**
 * What somebody has typed about an account that is to be connected, kept by this browser tab across a reload: no secret,
 * and for nobody but them.
 */
import { useCallback, useState } from 'react'
import { nothingTyped, type TypedIntegration } from './typed-integration.ts'

export interface Draft {
  readonly typed: TypedIntegration
  /** The check that was begun last, and what it is about. */
  readonly trial?: { readonly id: string; readonly of: string }
}

const nothing: Draft = { typed: nothingTyped }

/** The draft, how to change it, and how to forget it once it is done with. */
export function useDraft(person: number) {
  const name = `headgate-connecting-${person}`
  const [draft, setDraft] = useState(() => read(name))
  const change = useCallback(
    (to: (before: Draft) => Draft) =>
      setDraft(before => {
        const after = to(before)
        sessionStorage.setItem(name, JSON.stringify({ ...after, typed: { ...after.typed, secret: '' } }))
        return after
      }),
    [name],
  )
  return { draft, change, forget: () => sessionStorage.removeItem(name) }
}

function read(name: string): Draft {
  const text = sessionStorage.getItem(name)
  if (text === null) return nothing
  try {
    const { typed, trial } = JSON.parse(text) as Partial<Draft>
    return { typed: { ...nothingTyped, ...typed }, ...(trial && { trial }) }
  } catch {
    return nothing
  }
}
