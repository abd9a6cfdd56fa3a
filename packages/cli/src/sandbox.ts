/** `headgate sandbox`: the AWS sandbox alone, for anybody who writes code against Access Grants. */
import { startSandbox } from '@headgate/sandbox'
import { untilToldToLeave } from './leave.ts'
import { reportBug } from './report-bug.ts'

export async function sandboxCommand(options: { readonly port: number; readonly dataDir?: string }): Promise<void> {
  const sandbox = await startSandbox({ ...options, onBug: reportBug })
  process.stdout.write(`AWS sandbox at ${sandbox.url}\n`)
  process.stdout.write(
    `A new account with its administrator's key: POST ${sandbox.url}/_sandbox/accounts {"accountId": "111122223333"}\n`,
  )
  await untilToldToLeave()
  await sandbox.close()
}
