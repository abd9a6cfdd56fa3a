/** Deliveries in a process of their own, to be killed: `node delivery-process.ts DATABASE_URL LEASE_MS`. */
import { pino } from 'pino'
import { readConfig } from '../../src/config.ts'
import { openDatabase } from '../../src/db/open.ts'
import { startDeliveries } from '../../src/notify/deliver.ts'
import { createVault } from '../../src/secrets.ts'
import { testKey } from './server.ts'

const [databaseUrl = '', leaseMs] = process.argv.slice(2)
const config = readConfig({ HEADGATE_PRIVATE_ADDRESSES: '127.0.0.0/8' })
const world = { config, db: openDatabase(databaseUrl), vault: createVault([testKey]), log: pino({ level: 'error' }) }
startDeliveries(world, { turnMs: 20, leaseMs: Number(leaseMs) })
