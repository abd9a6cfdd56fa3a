/**
 * `npm run tour`: the main job told step by step, each step checked and timed, from a policy to bytes read from S3 and
 * back. `--identity-center` tells it with a person of IAM Identity Center, from her sign-in on; `--export` puts who has access into a bucket, `--marketplace` has somebody ask for data, be let in and
 * lose it on time. Starts an instance of its
 * own in a temporary folder and speaks to it as its users would: through the public API and the AWS SDK only. Exits
 * non-zero as soon as a step surprises.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { readConfig } from '@headgate/server'
import { type Up, up } from '../packages/cli/src/up.ts'
import { tellExport } from './tour/export.ts'
import { tellIdentityCenter } from './tour/identity-center.ts'
import { tellMainLine } from './tour/main-line.ts'
import { tellMarketplace } from './tour/marketplace.ts'
import { narrator } from './tour/narrator.ts'
import { stageOf } from './tour/stage.ts'

const { values } = parseArgs({
  options: {
    'identity-center': { type: 'boolean', default: false },
    export: { type: 'boolean', default: false },
    marketplace: { type: 'boolean', default: false },
  },
})
const tell = values['identity-center']
  ? tellIdentityCenter
  : values.export
    ? tellExport
    : values.marketplace
      ? tellMarketplace
      : tellMainLine
const told = narrator()
const dataDir = await mkdtemp(path.join(tmpdir(), 'headgate-tour-'))
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
  await tell(stageOf(running, told, dataDir))
} catch (error) {
  surprise = error
} finally {
  await running?.close()
  await rm(dataDir, { recursive: true, force: true })
}
told.finish(surprise)
