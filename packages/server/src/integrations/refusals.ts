/** Why nothing can be done with an integration as it is. */
import { Problem } from '@headgate/core/api'
import type { IntegrationRow } from '../db/integration.ts'

/** It is in a status that does not take this call. */
export function busy({ id, status }: Pick<IntegrationRow, 'id' | 'status'>): Problem {
  if (status === 'deleted') return new Problem('integration-not-found', { id })
  return status === 'disabled'
    ? new Problem('integration-disabled', { id })
    : new Problem('integration-busy', { id, status })
}
