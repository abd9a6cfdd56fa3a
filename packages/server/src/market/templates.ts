/**
 * The form and the review flow that a request is made by now: what is chosen, else what is built in.
 *
 * Nothing is held: a request keeps the versions that it was made by, and what is in use is never deleted.
 */
import type { Form, RequestAbout, ReviewFlow } from '@headgate/core'
import type { Tx } from '../db/act.ts'
import { knownOf } from '../db/beneficiary.ts'
import { findTemplate } from '../db/template.ts'

export interface FlowInForce {
  readonly id: number
  readonly version: number
  readonly name: string
  /** Who made this version, and may never decide by it; null: Headgate itself. */
  readonly editor: number | null
  readonly flow: ReviewFlow
}

export interface FormInForce {
  readonly id: number
  readonly version: number
  readonly name: string
  readonly form: Form
  /** To be accepted, in these versions. */
  readonly agreements: readonly {
    readonly id: number
    readonly version: number
    readonly name: string
    /** Markdown. */
    readonly text: string
  }[]
}

/** Throws Problem `review-flow-not-found`. */
export async function flowInForce(tx: Tx, id: number | undefined): Promise<FlowInForce> {
  const { updated_by: editor, content: flow, ...row } = await findTemplate(tx, 'flow', id)
  return { id: row.id, version: row.version, name: row.name, editor, flow }
}

/** Throws Problem `request-form-not-found`. */
export async function formInForce(tx: Tx, id: number | undefined): Promise<FormInForce> {
  const { content, ...row } = await findTemplate(tx, 'form', id)
  const { agreements: wanted, ...form } = content
  const agreements: FormInForce['agreements'][number][] = []
  for (const one of wanted) {
    const { id, version, name, content } = await findTemplate(tx, 'agreement', one)
    agreements.push({ id, version, name, text: content.text })
  }
  return { id: row.id, version: row.version, name: row.name, form, agreements }
}

/** What the rules of a flow may look at, of somebody for whom something is asked. */
export async function aboutBeneficiary(
  tx: Tx,
  person: number,
): Promise<Omit<RequestAbout, 'level' | 'durationMs'> | undefined> {
  return knownOf(tx, person)
}
