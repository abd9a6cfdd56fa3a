/** What browsers are told about our answers. The strictest by default; the web app and `/docs` say what they need. */
import { createHash } from 'node:crypto'
import helmet from '@fastify/helmet'
import type { FastifyInstance } from 'fastify'

/** Answers of the API are data: a browser that is led to one loads and runs nothing. */
const dataOnly = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

/** Styles may be inline, since the controls and the editor make theirs at run time; scripts may not. */
export const webAppPolicy =
  "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; " +
  "connect-src 'self'; object-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"

/**
 * The reference starts by a script inside its page, which is let run by the sum of its very text, and no other is. It may
 * ask nobody but us; whoever is signed in reads with it, and writes with a key.
 *
 * @param page its HTML; of its files, which hold no script of their own text, anything
 */
export function referencePolicy(page: string): string {
  const sums = [...page.matchAll(inlineScript)].map(([, text = '']) => `'sha256-${sha256(text)}'`)
  return (
    `default-src 'self'; script-src ${["'self'", ...sums].join(' ')}; style-src 'self' 'unsafe-inline'; ` +
    "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; object-src 'none'; " +
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
  )
}

const inlineScript = /<script(?![^>]*\bsrc=)[^>]*>([\s\S]*?)<\/script>/g

function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('base64')
}

export async function secureHeaders(app: FastifyInstance): Promise<void> {
  await app.register(helmet, { contentSecurityPolicy: false })
  app.addHook('onRequest', async (_, reply) => {
    reply.header('content-security-policy', dataOnly)
  })
}
