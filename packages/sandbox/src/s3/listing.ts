// What every listing of a bucket is asked for: prefix, delimiter, size and encoding.

import type { ServiceCall } from '../service.ts'
import { queryValue } from '../wire.ts'
import { s3Error } from './errors.ts'

export interface Listing {
  readonly prefix: string
  readonly delimiter: string
  readonly after?: string
  readonly maxKeys: number
  readonly encoded: boolean
  /** A key or prefix as the client asked to see it. */
  print(text: string): string
}

/** Throws InvalidArgument. */
export function readListing({ request }: ServiceCall, after: string | undefined): Listing {
  const encoding = queryValue(request, 'encoding-type')
  if (encoding !== undefined && encoding !== 'url') {
    throw invalidArgument('encoding-type', encoding, 'Invalid Encoding Method specified in Request')
  }
  const encoded = encoding === 'url'
  return {
    prefix: queryValue(request, 'prefix') ?? '',
    delimiter: queryValue(request, 'delimiter') ?? '',
    ...(after === undefined ? {} : { after }),
    maxKeys: readMaxKeys(queryValue(request, 'max-keys')),
    encoded,
    print: encoded ? urlEncoded : text => text,
  }
}

const pageLimit = 1000

function readMaxKeys(asked: string | undefined): number {
  if (asked === undefined || asked === '') return pageLimit
  if (/^\d{1,10}$/.test(asked) && Number(asked) <= 0x7fffffff) return Math.min(Number(asked), pageLimit)
  throw invalidArgument('max-keys', asked, 'Argument maxKeys must be an integer between 0 and 2147483647')
}

// Form encoding, slashes kept: a space becomes `+`, as those who decode with `unquote_plus` expect.
function urlEncoded(text: string): string {
  return encodeURIComponent(text)
    .replace(/%20/g, '+')
    .replace(/%2F/g, '/')
    .replace(/[!'()~]/g, sign => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
}

export function invalidArgument(name: string, value: string, message: string) {
  return s3Error('InvalidArgument', { ArgumentName: name, ArgumentValue: value }, message)
}
