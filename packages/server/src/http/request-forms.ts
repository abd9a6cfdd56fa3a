/** `/request-forms`: what is asked of whoever asks for access. Everybody signed in reads them, governors write them. */
import { checkForm } from '@headgate/core'
import { api, Problem } from '@headgate/core/api'
import type { z } from 'zod'
import type { Tx } from '../db/act.ts'
import type { TemplateContent } from '../db/schema.ts'
import { holdTemplate, useTemplates } from '../db/template.ts'
import type { World } from '../world.ts'
import type { Serve } from './serve.ts'
import { templateHandlers } from './templates.ts'

export function requestFormRoutes(serve: Serve, world: World): void {
  const handlers = templateHandlers(world, {
    kind: 'form',
    detail: async () => ({}),
    check: checkContent,
    stored: ({ tx }, { id, name, content }, isGone) =>
      useTemplates(tx, { kind: 'form', id, name }, isGone ? [] : content.agreements),
  })

  serve(api.requestForms.list, handlers.list)
  serve(api.requestForms.get, handlers.get)
  serve(api.requestForms.create, ({ caller, body }) => handlers.create(caller, contentOf(body)))
  serve(api.requestForms.edit, ({ caller, params: { id }, version, body }) =>
    handlers.edit(caller, { id, version }, contentOf(body)),
  )
  serve(api.requestForms.remove, ({ caller, params: { id }, version }) => handlers.remove(caller, { id, version }))
  serve(api.requestForms.usedBy, handlers.usedBy)
  serve(api.requestForms.versions, handlers.versions)
  serve(api.requestForms.version, handlers.version)
  serve(api.requestForms.diff, handlers.diff)
}

function contentOf({ name, description, ...content }: z.output<typeof api.requestForms.create.body>) {
  return { name, description, content: { ...content, agreements: [...new Set(content.agreements)] } }
}

/** @throws Problem `request-form-invalid`, `agreement-not-found` */
async function checkContent(tx: Tx, content: TemplateContent['form']): Promise<void> {
  const issues = checkForm(content)
  const [first] = issues
  if (first) throw new Problem('request-form-invalid', { reason: `\`${first.path}\` ${first.message}`, issues })
  for (const id of content.agreements) await holdTemplate(tx, 'agreement', id)
}
