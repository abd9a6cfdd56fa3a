/** A change loop in a process of its own, to be killed: `node loop-process.ts DATABASE_URL AWS_ENDPOINT`. */
import { pino } from 'pino'
import { createAwsAccess } from '../../src/aws/clients.ts'
import { createBackground } from '../../src/background.ts'
import { readConfig } from '../../src/config.ts'
import { openDatabase } from '../../src/db/open.ts'
import { createLiveIndex } from '../../src/live-index/live-index.ts'
import { startChangeLoop } from '../../src/reconcile/change-loop.ts'
import { createVault } from '../../src/secrets.ts'
import { testKey } from '../support/server.ts'

const [databaseUrl = '', endpoint = ''] = process.argv.slice(2)
const config = readConfig({})
const log = pino({ level: 'error' })
const vault = createVault([testKey])
const aws = createAwsAccess({ vault, endpoint, parallel: config.HEADGATE_AWS_PARALLEL })
const db = openDatabase(databaseUrl)
const index = createLiveIndex({ db, log })
await startChangeLoop({ config, vault, aws, log, db, index, background: createBackground(log) })
