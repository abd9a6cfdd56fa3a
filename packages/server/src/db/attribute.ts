/**
 * What is known of people: values under keys, of their own or inherited from their groups.
 *
 * Each value remembers its source and only rows of the source `local` are changed here; the effective values are the
 * union over all sources.
 */
import type { Act, AuditTarget } from './act.ts'

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

/** Nothing happens where the value is held already. */
export async function addAttribute(act: Act, subject: AttributeSubject, { key, value }: AttributeValue): Promise<void> {
  const row = { key, value, source }
  const inserted =
    subject.type === 'user'
      ? await act.tx
          .insertInto('person_attribute')
          .values({ person_id: subject.id, ...row })
          .onConflict(conflict => conflict.doNothing())
          .returning('key')
          .execute()
      : await act.tx
          .insertInto('group_attribute')
          .values({ group_id: subject.id, ...row })
          .onConflict(conflict => conflict.doNothing())
          .returning('key')
          .execute()
  if (inserted.length === 0) return
  act.changed(
    'attribute',
    attributeFactId(subject, { key, value }),
    { [subject.type]: subject.id, ...row },
    'attribute-added',
  )
  sayChanged(act, subject, 'AttributeAdded', { after: row })
}

/** Nothing happens where the value is not held. */
export async function removeAttribute(
  act: Act,
  subject: AttributeSubject,
  { key, value }: AttributeValue,
): Promise<void> {
  const removed =
    subject.type === 'user'
      ? await act.tx
          .deleteFrom('person_attribute')
          .where('person_id', '=', subject.id)
          .where('key', '=', key)
          .where('value', '=', value)
          .where('source', '=', source)
          .returning('key')
          .execute()
      : await act.tx
          .deleteFrom('group_attribute')
          .where('group_id', '=', subject.id)
          .where('key', '=', key)
          .where('value', '=', value)
          .where('source', '=', source)
          .returning('key')
          .execute()
  if (removed.length === 0) return
  act.changed('attribute', attributeFactId(subject, { key, value }), null, 'attribute-removed')
  sayChanged(act, subject, 'AttributeRemoved', { before: { key, value, source } })
}

/** The key may hold slashes: encoded, so that it and the value can be told apart once the row is gone. */
export function attributeFactId(
  { type, id }: Pick<AttributeSubject, 'type' | 'id'>,
  { key, value }: AttributeValue,
): string {
  return `${type}/${id}/${encodeURIComponent(key)}/${value}`
}

function sayChanged(act: Act, { type, target }: AttributeSubject, event: string, what: object): void {
  act.audit({
    action: 'UPDATE',
    targetType: type === 'user' ? 'USER' : 'GROUP',
    targets: [target],
    payload: { type: event, ...what },
  })
}
