/** Commands of the journal, carried out again by the same code that carried them out first. */
import { handleCall, identifyService, verifyCall, worldOf } from '../command.ts'
import { changeAtDesk, isDeskRequest } from '../desk-changes.ts'
import type { Service, World } from '../service.ts'
import { type Conditions, underConditions } from './conditions.ts'
import type { JournalRecord } from './record.ts'

export interface Replay {
  /** Of the next commands, until others are told. */
  noteConditions(conditions: Conditions | undefined): void
  /** Throws Error: only commands that succeeded were written down, so one that fails now is a damaged journal. */
  carryOut(record: JournalRecord): void
}

export function carryOutAgain(world: World, services: readonly Service[]): Replay {
  let conditioned = world
  return {
    noteConditions(conditions) {
      if (conditions !== undefined) conditioned = underConditions(world, conditions)
    },
    carryOut(record) {
      try {
        repeat(conditioned, services, record)
      } catch (cause) {
        const { method, rawPath } = record.request
        throw new Error(`command ${record.sequence} of the journal (${method} ${rawPath}) fails now`, { cause })
      }
    },
  }
}

function repeat(world: World, services: readonly Service[], record: JournalRecord): void {
  if (isDeskRequest(record.request)) {
    changeAtDesk(worldOf(world, record), record.request)
    return
  }
  const service = identifyService(services, record.request)
  if (service === undefined) throw new Error('no such service')
  const { status } = handleCall(world, verifyCall(world, service, record), record, '')
  if (status >= 400) throw new Error(`status ${status}`)
}
