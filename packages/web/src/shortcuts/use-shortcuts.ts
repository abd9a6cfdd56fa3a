/** What the keys of the table do while a part of the page is there. */
import { useEffect, useRef } from 'react'
import { areSingleKeysOn, type ShortcutName, shortcuts } from './shortcuts.ts'

export type Handlers = Partial<Readonly<Record<ShortcutName, () => unknown>>>

/** Between the keys of one shortcut; after that, the first one is forgotten. */
const pauseMs = 3000

/** When the first key of a shortcut of two was pressed. */
let firstAt: number | undefined
/** Presses that are the second key of such a one. */
const seconds = new WeakSet<KeyboardEvent>()

export function useShortcuts(handlers: Handlers): void {
  const current = useRef(handlers)
  current.current = handlers
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const name = nameOf(event, Object.keys(current.current) as ShortcutName[])
      if (name === undefined) return
      event.preventDefault()
      current.current[name]?.()
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [])
}

/** Remembers the first of two keys, whoever listens to the second: to be heard once, ahead of those who do. */
export function rememberKey(event: KeyboardEvent): void {
  if (firstAt !== undefined && Date.now() - firstAt < pauseMs) seconds.add(event)
  firstAt = isPlain(event) && event.key === 'g' && !seconds.has(event) ? Date.now() : undefined
}

function nameOf(event: KeyboardEvent, names: readonly ShortcutName[]): ShortcutName | undefined {
  if (event.defaultPrevented || event.isComposing) return undefined
  const key = event.key.toLowerCase()
  if ((event.metaKey || event.ctrlKey) && !event.altKey && !event.shiftKey) {
    return names.find(name => shortcuts[name].keys[0] === `mod+${key}`)
  }
  if (!isPlain(event)) return undefined
  const pressed = seconds.has(event) ? ['g', key] : [key]
  return names.find(name => shortcuts[name].keys.join(' ') === pressed.join(' '))
}

/** A key by itself, which nobody is typing into anything. */
function isPlain({ metaKey, ctrlKey, altKey, target }: KeyboardEvent): boolean {
  if (metaKey || ctrlKey || altKey || !areSingleKeysOn() || !(target instanceof HTMLElement)) return false
  const isTyping =
    target.matches('input:not([type=checkbox], [type=radio]), textarea, select') || target.isContentEditable
  return !isTyping && target.closest('dialog, [role=dialog]') === null
}
