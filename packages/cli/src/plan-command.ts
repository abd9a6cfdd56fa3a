/** `headgate plan`, `apply` and `pull`: configuration as code. */
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { carryOut } from './code/carry-out.ts'
import { planFolder } from './code/configuration.ts'
import { previewOf } from './code/effect.ts'
import { filesOfPeople, pulledFiles, schemaFile, schemaText } from './code/pull.ts'
import { asSaved, readPlan, refuseWhatMoved } from './code/saved-plan.ts'
import { writesOf } from './code/write.ts'
import { confirmed } from './confirm.ts'
import { type ConnectionFlags, connect, type Environment } from './connection.ts'
import { exits } from './exits.ts'
import { printJson } from './print.ts'
import { printPlan } from './print-plan.ts'

export interface PullFlags extends ConnectionFlags {
  /** Write users and groups as well. */
  readonly people?: true
}

export interface PlanFlags extends ConnectionFlags {
  readonly prune?: true
  readonly json?: true
  readonly out?: string
  readonly yes?: true
}

export async function planCommand(folder: string, flags: PlanFlags, environment: Environment): Promise<void> {
  const { api } = await connect(flags, environment)
  const prune = flags.prune === true
  const { steps, names } = await planFolder(api, folder, prune)
  const effect = (await previewOf(api, writesOf(steps, names)))?.effect ?? null
  const plan = { folder: path.resolve(folder), prune, steps: steps.map(asSaved), effect }
  if (flags.out !== undefined) await writeFile(flags.out, `${JSON.stringify(plan, null, 2)}\n`)
  if (flags.json) printJson(plan)
  else printPlan(steps, effect)
  process.exitCode = steps.length === 0 ? exits.well : exits.found
}

/** @param what a folder, or a plan that `plan --out` wrote, which is carried out exactly or not at all */
export async function applyCommand(what: string, flags: PlanFlags, environment: Environment): Promise<void> {
  const { api } = await connect(flags, environment)
  const plan = what.endsWith('.json') ? await readPlan(what) : undefined
  const { steps, names } = await planFolder(api, plan?.folder ?? what, plan?.prune ?? flags.prune === true)
  const previewed = await previewOf(api, writesOf(steps, names))
  const effect = previewed?.effect ?? null
  if (plan !== undefined) refuseWhatMoved(plan, steps, effect)
  if (!flags.json) printPlan(steps, effect)
  if (steps.length > 0) {
    if (plan === undefined) await confirmed(`Carry out ${steps.length} step${steps.length === 1 ? '' : 's'}`, flags.yes)
    const isHeld = await carryOut(api, { steps, names, previewed }, step => {
      if (!flags.json) process.stderr.write(`done: ${step.do} ${step.kind.one} ${step.key}\n`)
    })
    if (!isHeld) process.stderr.write('so much moved that the server did not hold each write against the preview\n')
  }
  if (flags.json) printJson({ done: steps.map(asSaved), effect })
}

/** Writes what there is: a plan of that folder is empty. Files that are there already are replaced. */
export async function pullCommand(folder: string, flags: PullFlags, environment: Environment): Promise<void> {
  const { api } = await connect(flags, environment)
  const isThere = (file: string) => existsSync(path.join(folder, file))
  const files = await pulledFiles(api, flags.people === true || filesOfPeople.some(isThere))
  await mkdir(folder, { recursive: true })
  await writeFile(path.join(folder, schemaFile), schemaText())
  // What a file of an earlier pull says would be made again, were it left.
  for (const { file, text, count } of files.filter(one => one.count > 0 || isThere(one.file))) {
    await writeFile(path.join(folder, file), text)
    process.stderr.write(`${count} in ${path.join(folder, file)}\n`)
  }
}
