/** An error as a person reads it: what is so, why, and whether waiting may help. */
import { ApiError } from '@headgate/core/api'
import { Unreachable } from '../api.ts'
import { isPermission, permissionName, sentence } from './words.ts'

export interface ErrorWords {
  readonly title: (what: string) => string
  readonly text: string
  readonly requestId?: string
  /** Whether the same call may succeed later without anybody changing anything. */
  readonly mayPass: boolean
}

/** What the reader has to put right before anything is sent; its message is a sentence for them. */
export class UserError extends Error {}

export function errorWords(error: unknown): ErrorWords {
  if (error instanceof ApiError) return apiErrorWords(error)
  if (error instanceof UserError) return { title: cannotLoad, text: error.message, mayPass: false }
  if (error instanceof Unreachable) return { title: cannotLoad, text: `${error.message}.`, mayPass: true }
  // The answer was not what the contract says: another version of the server than of this page.
  return {
    title: cannotLoad,
    text: 'The answer was not understood. Headgate may have been updated since this page was opened: reload it.',
    mayPass: true,
  }
}

function apiErrorWords({ status, message, body }: ApiError): ErrorWords {
  const requestId = typeof body.requestId === 'string' ? { requestId: body.requestId } : {}
  const text = `${sentence(inWords(message)).replace(/\.$/, '')}.`
  if (status === 403) return { title: what => `You may not see ${what}`, text, ...requestId, mayPass: false }
  if (status === 404)
    return {
      title: what => `There is no such thing as ${what}, or you may not see it`,
      text,
      ...requestId,
      mayPass: false,
    }
  return { title: cannotLoad, text, ...requestId, mayPass: status === 429 || status >= 500 }
}

/** A permission by what people call it. */
function inWords(message: string): string {
  return message.replace(/\b[A-Z]+(?:_[A-Z0-9]+)*\b/g, code =>
    isPermission(code) ? `“${permissionName(code)}”` : code,
  )
}

function cannotLoad(what: string): string {
  return `Cannot load ${what}`
}
