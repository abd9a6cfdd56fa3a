/** A run in words. */
import type { Run } from '@headgate/core/api'
import { counted, type StateWords } from '../ui/words.ts'

export const runWords: Readonly<Record<Run['state'], StateWords>> = {
  running: { tone: 'onItsWay', word: 'Running' },
  finished: { tone: 'active', word: 'Finished' },
  interrupted: { tone: 'held', word: 'Interrupted' },
}

/** `12 created, 3 revoked, 1 failed`. */
export function doneWords({ created, revoked, failed }: Run): string {
  const parts = [
    created > 0 && `${created.toLocaleString('en')} created`,
    revoked > 0 && `${revoked.toLocaleString('en')} revoked`,
    failed > 0 && `${failed.toLocaleString('en')} failed`,
  ].filter(part => part !== false)
  return parts.length === 0 ? 'nothing' : parts.join(', ')
}

/** What somebody who releases it must know. */
export function releaseWords({ waiting }: Run): string {
  return (
    `It revokes ${counted(waiting, 'grant')}, but for those that are wanted again by now. The people lose the access: ` +
    'no new credentials after about 30 seconds, existing ones end by themselves. It cannot be undone but by granting anew.'
  )
}
