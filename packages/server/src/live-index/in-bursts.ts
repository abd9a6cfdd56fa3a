/**
 * Work that is asked for at every message: begun at once, and in a burst of messages no oftener than so often.
 *
 * Whoever asks is always followed by a beginning: the last of a burst waits for the pause to end, no longer.
 */
export interface InBursts {
  ask(): void
  /** Begins nothing any more. */
  end(): void
}

export function inBursts(pauseMs: number, begin: () => void): InBursts {
  let pause: NodeJS.Timeout | undefined
  let isAsked = false

  function ask(): void {
    isAsked = true
    if (!pause) next()
  }

  function next(): void {
    pause = undefined
    if (!isAsked) return
    isAsked = false
    pause = setTimeout(next, pauseMs)
    begin()
  }

  return {
    ask,
    end() {
      clearTimeout(pause)
      begin = () => {}
    },
  }
}
