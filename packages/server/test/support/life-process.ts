/**
 * A server's start in a process of its own, killed at the n-th boundary of that name:
 * `node life-process.ts DATABASE_URL AWS_ENDPOINT BOUNDARY N`.
 */
import { pino } from 'pino'
import { createAwsAccess } from '../../src/aws/clients.ts'
import { createBackground } from '../../src/background.ts'
import { readConfig } from '../../src/config.ts'
import { openDatabase } from '../../src/db/open.ts'
import { resumeIntegrations } from '../../src/integrations/lifecycle.ts'
import { createLiveIndex } from '../../src/live-index/live-index.ts'
import { createVault } from '../../src/secrets.ts'
import { testKey } from './server.ts'

const [databaseUrl = '', endpoint = '', boundary, times] = process.argv.slice(2)
const config = readConfig({})
const log = pino({ level: 'silent' })
const vault = createVault([testKey])
const aws = createAwsAccess({ vault, endpoint, parallel: 2 })
const db = openDatabase(databaseUrl)
const index = createLiveIndex({ db, log })
let left = Number(times)
await resumeIntegrations({ config, vault, aws, log, db, index, background: createBackground(log) }, name => {
  if (name !== boundary) return
  left -= 1
  if (left === 0) process.kill(process.pid, 'SIGKILL')
})
