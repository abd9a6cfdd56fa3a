/** The routes that forms, agreements and review flows share: each is a template, whose content alone is its own. */
import { type Act, act, type Tx } from '../db/act.ts'
import type { TemplateContent, TemplateKind } from '../db/schema.ts'
import {
  deleteTemplate,
  editTemplate,
  findTemplate,
  findTemplateVersion,
  insertTemplate,
  listTemplates,
  listTemplateVersions,
  lockTemplate,
  type NewContent,
  requestsHolding,
  type TemplateRow,
  type TemplateVersionRow,
  usersOf,
} from '../db/template.ts'
import { partChanges } from '../market/template-diff.ts'
import type { World } from '../world.ts'
import type { Caller } from './serve.ts'

type Paging = { readonly limit: number; readonly cursor?: string | undefined; readonly search?: string | undefined }

/** What is special about one kind. */
interface Special<K extends TemplateKind, Detail> {
  readonly kind: K
  /** What it says besides where it is read by itself. */
  readonly detail: (tx: Tx, row: TemplateRow<K>) => Promise<Detail>
  /** Throws what keeps it from being stored; holds what it names. */
  readonly check: (tx: Tx, content: TemplateContent[K]) => Promise<void>
  /** What else is to be stored with it; also once it is deleted. */
  readonly stored?: (done: Act, row: TemplateRow<K>, isGone: boolean) => Promise<void>
  /** @throws Problem `permission-missing` for who may not read them */
  readonly requireReader?: (tx: Tx, caller: Caller) => Promise<void>
}

/** The handlers of one kind, to be served under its own routes. */
export function templateHandlers<K extends TemplateKind, Detail extends object>(
  { db }: World,
  { kind, detail, check, stored, requireReader }: Special<K, Detail>,
) {
  const reading = <T>(caller: Caller, work: (tx: Tx) => Promise<T>) =>
    db.snapshot(async tx => {
      await requireReader?.(tx, caller)
      return work(tx)
    })

  async function write(caller: Caller, work: (done: Act) => Promise<TemplateRow<K>>) {
    const { result, sequence } = await act(db, caller, async done => {
      const row = await work(done)
      await stored?.(done, row, false)
      return { version: row.version, body: { ...present(row), ...(await detail(done.tx, row)) } }
    })
    return { ...result, sequence }
  }

  return {
    list: ({ query, caller }: { readonly query: Paging; readonly caller: Caller }) =>
      reading(caller, async tx => {
        const page = await listTemplates(tx, kind, query)
        return { body: { ...page, items: page.items.map(row => present(row)) } }
      }),
    get: ({ params: { id }, caller }: { readonly params: { readonly id: number }; readonly caller: Caller }) =>
      reading(caller, async tx => {
        const row = await findTemplate(tx, kind, id)
        return { version: row.version, body: { ...present(row), ...(await detail(tx, row)) } }
      }),
    create: (caller: Caller, input: NewContent<K>) =>
      write(caller, async done => {
        await check(done.tx, input.content)
        return insertTemplate(done, kind, input)
      }),
    edit: (caller: Caller, { id, version }: { readonly id: number; readonly version: number }, input: NewContent<K>) =>
      write(caller, async done => {
        const before = await lockTemplate(done.tx, kind, id, version)
        await check(done.tx, input.content)
        return editTemplate(done, before, input)
      }),
    remove: async (caller: Caller, { id, version }: { readonly id: number; readonly version: number }) => {
      const { sequence } = await act(db, caller, async done => {
        const before = await lockTemplate(done.tx, kind, id, version)
        await deleteTemplate(done, before)
        await stored?.(done, before, true)
      })
      return { body: undefined, sequence }
    },
    usedBy: ({
      params: { id },
      query,
      caller,
    }: {
      readonly params: { readonly id: number }
      readonly query: Paging
      readonly caller: Caller
    }) =>
      reading(caller, async tx => {
        await findTemplate(tx, kind, id)
        const requests = await requestsHolding(tx, kind, id)
        return { body: { ...(await usersOf(tx, id, query)), requests } }
      }),
    versions: ({
      params: { id },
      query,
      caller,
    }: {
      readonly params: { readonly id: number }
      readonly query: Paging
      readonly caller: Caller
    }) =>
      reading(caller, async tx => {
        const page = await listTemplateVersions(tx, kind, id, query)
        return { body: { ...page, items: page.items.map(row => presentVersion(row)) } }
      }),
    version: ({
      params: { id, version },
      caller,
    }: {
      readonly params: { readonly id: number; readonly version: number }
      readonly caller: Caller
    }) => reading(caller, async tx => ({ body: presentVersion(await findTemplateVersion(tx, kind, id, version)) })),
    diff: ({
      params: { id },
      query,
      caller,
    }: {
      readonly params: { readonly id: number }
      readonly query: { readonly from: number; readonly to: number }
      readonly caller: Caller
    }) =>
      reading(caller, async tx => {
        const from = await findTemplateVersion(tx, kind, id, query.from)
        const to = await findTemplateVersion(tx, kind, id, query.to)
        const changes = partChanges(said(from), said(to))
        return { body: { id, from: presentVersion(from), to: presentVersion(to), changes } }
      }),
  }
}

function present<K extends TemplateKind>(row: TemplateRow<K>) {
  return {
    id: row.id,
    version: row.version,
    ...said(row),
    builtIn: row.built_in,
    createdAt: printTime(row.created_at),
    createdBy: row.creator ?? 'headgate',
    updatedAt: printTime(row.updated_at),
    updatedBy: row.editor ?? 'headgate',
  }
}

function presentVersion<K extends TemplateKind>(row: TemplateVersionRow<K>) {
  return {
    id: row.template_id,
    version: row.version,
    ...said(row),
    change: row.change,
    createdAt: printTime(row.created_at),
    createdBy: row.creator ?? 'headgate',
  }
}

function said<K extends TemplateKind>({ name, description, content }: TemplateRow<K> | TemplateVersionRow<K>) {
  return { name, description, ...content }
}

function printTime(instant: number): string {
  return new Date(instant).toISOString()
}
