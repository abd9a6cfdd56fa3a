/**
 * What a data directory remembers: the state of the last snapshot and every command since, which are carried out again
 * at the next start. A command is written down after it was done and before anybody hears of it, so nothing that a
 * client was told can be lost with the process. It may be lost with the machine: the journal is not synced to disk.
 */
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import type { Command } from '../command.ts'
import type { Service, World } from '../service.ts'
import { replaceState } from '../state.ts'
import { type Conditions, conditionsOf } from './conditions.ts'
import { openJournal } from './journal.ts'
import { lockDirectory } from './lock.ts'
import { printRecord, readRecord } from './record.ts'
import { carryOutAgain } from './replay.ts'
import { readSnapshot, writeSnapshot } from './snapshot.ts'

export interface Memory {
  /** Called after a command changed the state and before it is answered. */
  record(command: Command): void
  /**
   * The state as it is becomes what is remembered. After a bug, or a write that failed, nobody knows what the state and
   * the journal still have in common.
   */
  consolidate(): void
  close(): void
}

/** Of a sandbox that lives in the memory of its process alone. */
export const forgetful: Memory = { record() {}, consolidate() {}, close() {} }

// A start carries out some thousands of commands a second again; this many are a few seconds of it.
const LONG_JOURNAL_BYTES = 50 * 1024 * 1024

/**
 * Puts what the directory remembers into the world's state, and remembers what follows.
 * Throws Error when another process has the directory, or when what is in it cannot be read.
 */
export function openMemory(directory: string, world: World, services: readonly Service[]): Memory {
  // Secret keys are in there.
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const lock = lockDirectory(directory)
  try {
    return remember(directory, world, services, lock.release)
  } catch (error) {
    lock.release()
    throw error
  }
}

function remember(directory: string, world: World, services: readonly Service[], release: () => void): Memory {
  const snapshotFile = path.join(directory, 'snapshot.jsonl')
  const snapshot = readSnapshot(snapshotFile)
  replaceState(world.state, snapshot.state)
  let { sequence } = snapshot
  // Compacting costs as much as the state is large, so a large state waits for as much of a journal.
  let longJournal = Math.max(LONG_JOURNAL_BYTES, snapshot.bytes)

  const journal = openJournal(path.join(directory, 'journal.jsonl'))
  const again = carryOutAgain(world, services)
  for (const line of journal.lines()) {
    const record = readRecord(line)
    again.noteConditions(record.conditions)
    // The process ended after a snapshot was put in place and before the journal was emptied.
    if (record.sequence <= snapshot.sequence) continue
    if (record.sequence !== sequence + 1) throw new Error(`${journal.file}: command ${sequence + 1} is missing`)
    again.carryOut(record)
    sequence = record.sequence
  }

  let lastConditions: Conditions | undefined
  let isBroken = false
  const compact = (): void => {
    const bytes = writeSnapshot(snapshotFile, sequence, world.state)
    journal.empty()
    longJournal = Math.max(LONG_JOURNAL_BYTES, bytes)
    lastConditions = undefined
    isBroken = false
  }
  if (journal.bytes() > 0) compact()

  return {
    record(command) {
      if (isBroken) throw new Error(`${journal.file} could not be written; nothing more is remembered`)
      const conditions = conditionsOf(world)
      const hasNews = lastConditions === undefined || conditions.text !== lastConditions.text
      isBroken = true
      journal.append(printRecord({ ...command, sequence: sequence + 1, conditions: hasNews ? conditions : undefined }))
      isBroken = false
      sequence++
      lastConditions = conditions
      if (journal.bytes() > longJournal) compact()
    },
    consolidate: compact,
    close() {
      try {
        if (journal.bytes() > 0 && !isBroken) compact()
      } finally {
        journal.close()
        release()
      }
    },
  }
}
