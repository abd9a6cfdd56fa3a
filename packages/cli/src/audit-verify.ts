/** `headgate audit verify`: says whether a trail is whole, what breaks it first, and what only the database vouches for. */
import { type Config, type TrailReport, verifyTrail } from '@headgate/server'
import { exits } from './exits.ts'

export interface AuditVerifyFlags {
  readonly checkpoints?: readonly string[]
  readonly publicKey?: string
  readonly databaseUrl?: string
  readonly dataDir?: string
  readonly json?: true
}

type Environment = Readonly<Record<string, string | undefined>>

/** Ends with `found` at a break, with `failed` when it cannot be read. */
export async function auditVerifyCommand(
  files: readonly string[],
  flags: AuditVerifyFlags,
  readConfig: (environment: Environment) => Config,
  environment: Environment,
): Promise<void> {
  const { checkpoints = [], publicKey, databaseUrl, dataDir, json } = flags
  const config = readConfig({
    ...environment,
    ...(databaseUrl !== undefined && { DATABASE_URL: databaseUrl }),
    ...(dataDir !== undefined && { HEADGATE_DATA_DIR: dataDir }),
  })
  try {
    const report = await verifyTrail(config, { files, checkpoints, ...(publicKey !== undefined && { publicKey }) })
    process.stdout.write(json ? `${JSON.stringify(report, undefined, 2)}\n` : `${inWords(report).join('\n')}\n`)
    if (report.firstBreak) process.exitCode = exits.found
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = exits.failed
  }
}

function inWords(report: TrailReport): string[] {
  const { firstBreak, batches, from, to, prunedThrough, covered, uncovered, beyond, waiting, isKeyPinned } = report
  const lines: string[] = []
  if (firstBreak) lines.push(`BROKEN at event ${firstBreak.position}: ${firstBreak.message} (${firstBreak.kind})`)
  else lines.push(to === 0 ? 'nothing is sealed yet' : `whole: events ${from} to ${to} in ${batches} batches`)
  if (prunedThrough > 0)
    lines.push(`events up to ${prunedThrough} were pruned by order: their hashes are there, their texts not`)
  if (covered) {
    lines.push(
      `a checkpoint kept elsewhere vouches for all up to event ${covered.position} (${new Date(covered.at).toISOString()})`,
    )
  } else {
    lines.push(
      'no checkpoint from elsewhere: a chain that was rewritten as a whole would pass; give one with --checkpoints',
    )
  }
  if (covered && uncovered > 0) {
    lines.push(
      `after it lie ${uncovered} events for which the chain alone vouches: whoever owns the database could have rewritten them`,
    )
  }
  if (beyond > 0) lines.push(`${beyond} checkpoints are of later times than these files hold`)
  if (waiting !== undefined && waiting > 0) {
    const { waitingSince } = report
    const since = waitingSince === undefined ? '' : `, the oldest since ${new Date(waitingSince).toISOString()}`
    lines.push(`${waiting} events wait to be sealed${since}: the chain says nothing of them yet`)
  }
  if (!isKeyPinned)
    lines.push('signatures were held against the keys that the chain itself names: give yours with --public-key')
  return lines
}
