/**
 * The operations of a PATCH, as providers send them.
 *
 * `op` in any case, one object where a list belongs. More operations than any provider sends at once are refused before
 * the first is looked at.
 */
import { Problem } from '@headgate/core/api'
import { PatchOp } from 'scimmy/messages'
import { isObject } from './user-resource.ts'

export interface Operation {
  readonly op: 'add' | 'remove' | 'replace'
  readonly path?: string
  readonly value?: unknown
}

/** @throws Problem `scim-syntax-invalid`, `scim-value-invalid`, `scim-path-invalid`, `scim-no-target`, `scim-too-many` */
export function readOperations(body: unknown, limit: number): readonly Operation[] {
  if (!isObject(body)) throw new Problem('scim-syntax-invalid', { reason: 'a PATCH must be an object' })
  const named = Object.fromEntries(
    Object.entries(body).map(([key, value]) => [key.toLowerCase() === 'operations' ? 'Operations' : key, value]),
  )
  const { schemas, Operations: operations } = named
  if (Array.isArray(operations) && operations.length > limit) {
    throw new Problem('scim-too-many', { what: 'a PATCH', limit: `${limit} operations` })
  }
  // What the library compares by, it takes for lists without looking.
  if (!Array.isArray(schemas) || !Array.isArray(operations) || !operations.every(isObject)) {
    const reason = 'a PATCH has `schemas` and a list of `Operations`, each an object'
    throw new Problem('scim-syntax-invalid', { reason })
  }
  refuseMalformed(schemas, operations)
  return operations.map(one => ({ ...one, op: String(one.op).toLowerCase() as Operation['op'] }))
}

/** The library's own check. It looks operations up by identity, each from the first: a few at a time are quick. */
function refuseMalformed(schemas: readonly unknown[], operations: readonly object[]): void {
  const id = schemas.find(one => typeof one === 'string' && one.toLowerCase() === PatchOp.id.toLowerCase())
  const known = id === undefined ? schemas : [PatchOp.id]
  try {
    for (let at = 0; at === 0 || at < operations.length; at += 100) {
      new PatchOp({ schemas: known, Operations: operations.slice(at, at + 100) } as never)
    }
  } catch (error) {
    if (!isObject(error) || typeof error.scimType !== 'string') throw error
    const [reason, path] = [String(error.message).slice(0, 300), 'in the body']
    if (error.scimType === 'invalidPath') throw new Problem('scim-path-invalid', { path, reason })
    if (error.scimType === 'noTarget') throw new Problem('scim-no-target', { path, reason })
    throw new Problem(error.scimType === 'invalidSyntax' ? 'scim-syntax-invalid' : 'scim-value-invalid', { reason })
  }
}
