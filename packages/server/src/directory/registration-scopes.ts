/** The scopes that CREATE_S3_DATASOURCE may be confined to (03): people name them, registering is held to them. */
import { covers, parseScope, printScope, type Scope } from '@headgate/core'
import { type Permission, Problem } from '@headgate/core/api'

/** In their one form. Throws Problem `request-invalid` naming the first that is none. */
export function readScopes(texts: readonly string[], permissions: readonly Permission[]): string[] {
  if (!permissions.includes('CREATE_S3_DATASOURCE')) {
    throw invalid(
      'body.dataSourceScopes',
      'confines CREATE_S3_DATASOURCE: give that permission, or leave the scopes out',
    )
  }
  return texts.map((text, at) => {
    const parsed = parseScope(text)
    if (!parsed.ok) throw invalid(`body.dataSourceScopes.${at}`, parsed.message)
    return printScope(parsed.scope)
  })
}

/** Whether a scope may be registered under these; under none where one of them cannot be read. */
export function permitting(texts: readonly string[]): (scope: Scope) => boolean {
  const scopes = texts.flatMap(text => {
    const parsed = parseScope(text)
    return parsed.ok ? [parsed.scope] : []
  })
  return scope => scopes.some(permitted => covers(permitted, scope))
}

function invalid(path: string, message: string): Problem {
  return new Problem('request-invalid', { reason: `\`${path}\` ${message}`, issues: [{ path, message }] })
}
