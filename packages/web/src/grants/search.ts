/** What the list of grants keeps in its address. */
import type { GrantState } from '@headgate/core/api'
import { type ListSearch, readListSearch, textIn } from '../ui/list-search.ts'

export interface GrantSearch extends Omit<ListSearch, 'search'> {
  /** Left out: every state but revoked and abandoned. `held`: what the brake or the mode keeps in AWS. */
  readonly state?: GrantState | 'all' | 'held'
  readonly integration?: string
  readonly dataSource?: string
  readonly person?: string
}

const shownStates: readonly string[] = [
  'intended',
  'creating',
  'active',
  'revoking',
  'revoked',
  'createFailed',
  'revokeFailed',
  'waitingForPrincipal',
  'abandoned',
  'all',
  'held',
] satisfies GrantSearch['state'][]

export function readGrantSearch(search: Record<string, unknown>): GrantSearch {
  const { at, page } = readListSearch(search)
  const { state } = search
  return {
    ...(at && page && { at, page }),
    ...(typeof state === 'string' &&
      shownStates.includes(state) && { state: state as NonNullable<GrantSearch['state']> }),
    ...textIn(search, 'integration'),
    ...textIn(search, 'dataSource'),
    ...textIn(search, 'person'),
  }
}
