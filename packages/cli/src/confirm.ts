/** Asks before something goes for good; where nobody can be asked, it has to be said with `--yes`. */
import { confirm, isCancel } from '@clack/prompts'
import { Refused } from './refused.ts'

export async function confirmed(what: string, yes: true | undefined): Promise<void> {
  if (yes) return
  if (!process.stdin.isTTY) throw new Refused(`not done: ${what}`, 'give --yes to do it without being asked')
  const answer = await confirm({ message: `${what}?`, initialValue: false })
  if (isCancel(answer) || !answer) throw new Refused('not done')
}
