/** One try at a time of something that a front page sends, with what went wrong in words. */
import { useState } from 'react'
import { errorWords } from '../ui/error-words.ts'

export interface Attempt {
  readonly problem: string | undefined
  readonly isTrying: boolean
  /** Says what is wrong; undefined: nothing any more. */
  readonly say: (problem: string | undefined) => void
  readonly run: (work: () => Promise<void>) => Promise<void>
}

/** @param wordsFor where the words of the API do not fit the page */
export function useAttempt(wordsFor: (error: unknown) => string | undefined = () => undefined): Attempt {
  const [problem, say] = useState<string>()
  const [isTrying, setTrying] = useState(false)
  async function run(work: () => Promise<void>): Promise<void> {
    setTrying(true)
    try {
      await work()
    } catch (error) {
      const { text, requestId, mayPass } = errorWords(error)
      // What is refused is the reader's to correct; what broke is looked up by whoever runs Headgate.
      say(wordsFor(error) ?? (mayPass && requestId !== undefined ? `${text} (Request ${requestId})` : text))
    } finally {
      setTrying(false)
    }
  }
  return { problem, isTrying, say, run }
}
