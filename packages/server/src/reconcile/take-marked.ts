/**
 * Hands out items one by one, each only once its mark is stored; marks the next ones while others are being worked on,
 * so that nobody waits for the database. Few are marked ahead: after a crash each of them has to be looked up.
 */
export interface TakeMarked<T> {
  /** Undefined when there are no more. Throws what `mark` throws. */
  take(): Promise<T | undefined>
  /** Marks no more; answers those that are marked and were not handed out. */
  leave(): Promise<readonly T[]>
}

export function takeMarked<T>(
  items: readonly T[],
  atOnce: number,
  mark: (batch: readonly T[]) => Promise<void>,
): TakeMarked<T> {
  const ready: T[] = []
  let next = 0
  let hasLeft = false
  let marking: Promise<void> | undefined

  function markNext(): void {
    if (hasLeft || marking || next >= items.length || ready.length > atOnce / 2) return
    const batch = items.slice(next, next + atOnce)
    next += batch.length
    marking = mark(batch).then(() => {
      ready.push(...batch)
      marking = undefined
    })
    // Whoever takes next is told.
    marking.catch(() => {})
  }

  return {
    async take() {
      for (;;) {
        const item = ready.shift()
        markNext()
        if (item !== undefined || marking === undefined) return item
        await marking
      }
    },
    async leave() {
      hasLeft = true
      await marking
      return ready.splice(0)
    },
  }
}
