/** The states of a data product and what its versions were made by, as people read them. */
import type { ProductVersion } from '@headgate/core/api'
import type { StateWords } from '../ui/words.ts'

export const productStateWords: Readonly<Record<ProductVersion['state'], StateWords>> = {
  draft: { tone: 'unmapped', word: 'Draft' },
  published: { tone: 'active', word: 'Published' },
  suspended: { tone: 'held', word: 'Takes no requests now' },
  retired: { tone: 'unmapped', word: 'Retired' },
  deleted: { tone: 'unmapped', word: 'Deleted' },
}

export const changeWords: Readonly<Record<ProductVersion['change'], string>> = {
  created: 'Created',
  edited: 'Edited',
  restored: 'Restored',
  published: 'Published',
  unpublished: 'Taken back to a draft',
  suspended: 'Suspended',
  resumed: 'Takes requests again',
  retired: 'Retired',
  deleted: 'Deleted',
}

/** Of what is offered: writing means deleting too. */
export function offeredWords(levels: readonly ('READ' | 'WRITE')[]): string {
  if (!levels.includes('WRITE')) return 'Read'
  return levels.includes('READ') ? 'Read; or write, which includes delete' : 'Write, which includes delete'
}
