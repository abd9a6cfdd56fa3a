/** The life that forms, agreements and review flows share: written with versions, looked back at, deleted once unused. */
import { z } from 'zod'
import type { ErrorCode } from '../errors.ts'
import { id, idParam, instant, nothing, page, pageQuery } from './common.ts'
import { endpoint } from './endpoint.ts'
import type { Needs } from './needs.ts'

const version = z.coerce.number().int().min(1).max(2_147_483_647)
const params = z.object({ id: idParam })

/** Always there in an answer. */
const kept = {
  id,
  version: z.number().int(),
  /** Part of Headgate: cannot be changed, and is what stands where none is chosen. */
  builtIn: z.boolean(),
  createdAt: instant,
  createdBy: z.string(),
  updatedAt: instant,
  updatedBy: z.string(),
}

/** Where two versions differ: a field, or a part of one such as `rules.0.if`. */
const change = z.object({
  path: z.string(),
  /** Absent: was not there. */
  before: z.unknown().optional(),
  /** Absent: is no more. */
  after: z.unknown().optional(),
})

const user = z.object({
  kind: z.enum(['dataProduct', 'policy', 'form']),
  id: z.string(),
  name: z.string(),
})

interface About<
  Input extends z.ZodObject,
  Shown extends z.ZodRawShape,
  Detail extends z.ZodRawShape,
  Path extends string,
> {
  readonly path: Path
  /** One of them and several, in summaries. */
  readonly words: readonly [one: string, several: string]
  readonly notFound: ErrorCode
  /** Of its own, that writing it may answer. */
  readonly invalid: readonly ErrorCode[]
  readonly readers: Needs
  /** Name, description and content. */
  readonly input: Input
  /** The same as it is answered. */
  readonly shown: Shown
  /** What one is answered with besides, where it is read by itself. */
  readonly detail: Detail
}

export function templateRoutes<
  Input extends z.ZodObject,
  const Shown extends z.ZodRawShape,
  const Detail extends z.ZodRawShape,
  const Path extends string,
>({
  path,
  words: [one, several],
  notFound,
  invalid,
  readers,
  input,
  shown,
  detail,
}: About<Input, Shown, Detail, Path>) {
  const summary = z.object({ ...kept, ...shown })
  const whole = z.object({ ...kept, ...shown, ...detail })
  const past = z.object({
    id,
    version: z.number().int(),
    ...shown,
    /** What made this version. */
    change: z.enum(['created', 'edited', 'deleted']),
    createdAt: instant,
    createdBy: z.string(),
  })
  const needs = ['GOVERNANCE'] as const
  const changeErrors = [notFound, 'template-built-in', 'version-missing', 'version-stale'] as const
  const writeErrors = [...invalid, 'template-name-taken'] as const
  const pastErrors = [notFound, 'template-version-not-found'] as const
  return {
    list: endpoint({
      method: 'GET',
      path,
      summary: `${several}, by name`,
      needs: readers,
      query: pageQuery,
      status: 200,
      response: page(summary),
      errors: [],
    }),
    get: endpoint({
      method: 'GET',
      path: `${path}/{id}`,
      summary: `One ${one}`,
      needs: readers,
      params,
      status: 200,
      response: whole,
      errors: [notFound],
    }),
    create: endpoint({
      method: 'POST',
      path,
      summary: `Create one: ${one}`,
      needs,
      body: input,
      status: 201,
      response: whole,
      errors: writeErrors,
    }),
    edit: endpoint({
      method: 'PUT',
      path: `${path}/{id}`,
      summary: `Replace one by a new version: ${one}; requests that were made before keep theirs`,
      needs,
      params,
      body: input,
      ifMatch: true,
      status: 200,
      response: whole,
      errors: [...changeErrors, ...writeErrors],
    }),
    remove: endpoint({
      method: 'DELETE',
      path: `${path}/{id}`,
      summary: `Delete one that nothing uses: ${one}; its versions stay in the history`,
      needs,
      params,
      ifMatch: true,
      status: 204,
      response: nothing,
      errors: [...changeErrors, 'template-in-use'],
    }),
    usedBy: endpoint({
      method: 'GET',
      path: `${path}/{id}/used-by`,
      summary: `What uses it, and how many requests hold which version: ${one}`,
      // Drafts of products and policies are not for everybody.
      needs: ['GOVERNANCE', 'AUDIT'],
      params,
      query: pageQuery.omit({ search: true }),
      status: 200,
      response: page(user).extend({
        /** How many requests hold which version of it, newest first: they keep it, whatever becomes of it. */
        requests: z.array(z.object({ version: z.number().int(), count: z.number().int() })),
      }),
      errors: [notFound],
    }),
    versions: endpoint({
      method: 'GET',
      path: `${path}/{id}/versions`,
      summary: `Every version, newest first, of a deleted one too: ${one}`,
      needs: readers,
      params,
      query: pageQuery.omit({ search: true }),
      status: 200,
      response: page(past),
      errors: [notFound],
    }),
    version: endpoint({
      method: 'GET',
      path: `${path}/{id}/versions/{version}`,
      summary: `One version, as it was: ${one}`,
      needs: readers,
      params: params.extend({ version }),
      status: 200,
      response: past,
      errors: pastErrors,
    }),
    diff: endpoint({
      method: 'GET',
      path: `${path}/{id}/diff`,
      summary: `What differs between two versions: ${one}`,
      needs: readers,
      params,
      query: z.strictObject({ from: version, to: version }),
      status: 200,
      response: z.object({ id, from: past, to: past, changes: z.array(change) }),
      errors: pastErrors,
    }),
  }
}
