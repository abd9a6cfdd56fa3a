/**
 * `npm run tour`: the main job told step by step, each step checked and timed, from a policy to bytes read from S3 and
 * back. `--identity-center` tells it with a person of IAM Identity Center, from her sign-in on; `--export` puts who has access into
 * a bucket, `--marketplace` has somebody ask for data, be let in and lose it on time, `--cli` does all of it with `headgate` commands.
 * Starts an instance of its own in a temporary folder and speaks to it as its users would: through the public API, the commands and
 * the AWS SDK only. Exits non-zero as soon as a step surprises.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { readConfig } from '@headgate/server'
import { type Up, up } from '../packages/cli/src/up.ts'
import { tellCommands } from './tour/cli.ts'
import { tellExport } from './tour/export.ts'
import { tellIdentityCenter } from './tour/identity-center.ts'
import { tellMainLine } from './tour/main-line.ts'
import { tellMarketplace } from './tour/marketplace.ts'
import { narrator } from './tour/narrator.ts'
import { type Stage, stageOf } from './tour/stage.ts'

const { values } = parseArgs({
  options: {
    'identity-center': { type: 'boolean', default: false },
    export: { type: 'boolean', default: false },
    marketplace: { type: 'boolean', default: false },
    cli: { type: 'boolean', default: false },
  },
})
const dataDir = await mkdtemp(path.join(tmpdir(), 'headgate-tour-'))
const told = narrator()
let running: Up | undefined
let surprise: unknown
try {
  running = await told.step('start Headgate, its database and the AWS sandbox', () =>
    up({
      config: readConfig({
        ...{ HEADGATE_PORT: '0', HEADGATE_DATA_DIR: dataDir, HEADGATE_LOG_LEVEL: 'error' },
        // Nobody waits for a tour: who can assume a role is looked up within seconds.
        HEADGATE_PRINCIPAL_CHECK_MINUTES: '0.2',
      }),
      demo: 'empty',
      portMayMove: false,
      sandboxPort: 0,
    }),
  )
  await storyOf(values)(stageOf(running, told, dataDir))
} catch (error) {
  surprise = error
} finally {
  await running?.close()
  await rm(dataDir, { recursive: true, force: true })
}
told.finish(surprise)

function storyOf(asked: typeof values): (stage: Stage) => Promise<void> {
  if (asked['identity-center']) return tellIdentityCenter
  if (asked.export) return tellExport
  if (asked.marketplace) return tellMarketplace
  if (asked.cli) return stage => tellCommands(stage, path.join(dataDir, 'home'))
  return tellMainLine
}
