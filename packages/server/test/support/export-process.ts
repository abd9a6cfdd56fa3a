/** Exports what is due in a process of its own: `node export-process.ts DATABASE_URL AWS_ENDPOINT KEY`. */
import { pino } from 'pino'
import { createAwsAccess } from '../../src/aws/clients.ts'
import { openDatabase } from '../../src/db/open.ts'
import { runDueExports } from '../../src/export/run-exports.ts'
import { createLiveIndex } from '../../src/live-index/live-index.ts'
import { createVault } from '../../src/secrets.ts'

const [databaseUrl = '', endpoint = '', key = ''] = process.argv.slice(2)
const log = pino({ level: 'silent' })
const vault = createVault([Buffer.from(key, 'hex')])
const aws = createAwsAccess({ vault, endpoint, parallel: 2 })
const db = openDatabase(databaseUrl)
await runDueExports({ db, vault, aws, log, index: createLiveIndex({ db, log }) })
