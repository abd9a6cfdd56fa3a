/**
 * A server's start up to the index that everything asks: `node started-index.ts DATABASE_URL`. Loads the whole program,
 * fills the index from the database, listens, answers one question, and says how much memory that took at its highest.
 */
import { whoReaches } from '@headgate/core'
import { pino } from 'pino'
import { openDatabase } from '../../src/db/open.ts'
import { createLiveIndex } from '../../src/live-index/live-index.ts'
import '../../src/start-server.ts'

export interface Started {
  readonly fillMs: number
  readonly firstAnswerMs: number
  readonly dataSources: number
  readonly people: number
  readonly highestMiB: number
  /** Of the process, loading the program included; PostgreSQL's is another's. */
  readonly cpuMs: number
}

const db = openDatabase(process.argv[2] ?? '')
const index = createLiveIndex({ db, log: pino({ level: 'silent' }) })
const begun = performance.now()
await index.start()
const filled = performance.now()
const held = index.current()!.index
const [first] = held.bindings.sources.keys()
if (first !== undefined) whoReaches(held, first)
const { user, system } = process.cpuUsage()
const started: Started = {
  cpuMs: (user + system) / 1000,
  fillMs: filled - begun,
  firstAnswerMs: performance.now() - filled,
  dataSources: held.bindings.sources.size,
  people: held.facts.count,
  // The operating system's own mark, in KiB.
  highestMiB: process.resourceUsage().maxRSS / 1024,
}
process.send?.(started)
await index.close()
await db.close()
