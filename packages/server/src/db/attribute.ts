/**
 * What is known of people: values under keys, of their own or inherited from their groups.
 *
 * Each value remembers its source and only rows of the source `local` are changed here; the effective values are the
 * union over all sources.
 */
import type { Act, AuditTarget } from './act.ts'
import { changeRows, sourcesOf } from './sourced-rows.ts'

export interface AttributeSubject {
  readonly type: 'user' | 'group'
  readonly id: number
  readonly target: AuditTarget
}

export interface AttributeValue {
  readonly key: string
  readonly value: string
}

const source = 'local'
const cause = { added: 'attribute-added', removed: 'attribute-removed' }

/** Nothing happens where the value is held by hand already. INVARIANT: the subject is locked. */
export async function addAttribute(act: Act, subject: AttributeSubject, { key, value }: AttributeValue): Promise<void> {
  const { added } = await changeRows(act, kindOf(subject), source, { add: [[subject.id, key, value]] }, cause)
  if (added.length > 0) sayChanged(act, subject, 'AttributeAdded', { after: { key, value, source } })
}

/**
 * Nothing happens where the value is not held by hand. INVARIANT: the subject is locked.
 * @returns the identity providers, and whoever else, that go on saying so: the value stays held
 */
export async function removeAttribute(
  act: Act,
  subject: AttributeSubject,
  { key, value }: AttributeValue,
): Promise<string[]> {
  const row = [subject.id, key, value] as const
  const { removed } = await changeRows(act, kindOf(subject), source, { remove: [row] }, cause)
  if (removed.length > 0) sayChanged(act, subject, 'AttributeRemoved', { before: { key, value, source } })
  return sourcesOf(act.tx, kindOf(subject), row)
}

function kindOf({ type }: AttributeSubject): 'userAttribute' | 'groupAttribute' {
  return type === 'user' ? 'userAttribute' : 'groupAttribute'
}

function sayChanged(act: Act, { type, target }: AttributeSubject, event: string, what: object): void {
  act.audit({
    action: 'UPDATE',
    targetType: type === 'user' ? 'USER' : 'GROUP',
    targets: [target],
    payload: { type: event, ...what },
  })
}
