/** SCIM 2.0 for identity providers: see `scim/` for what a call does, `scim-serve.ts` for how it comes in. */
import { Problem, scim } from '@headgate/core/api'
import type { FastifyInstance } from 'fastify'
import type { ScimAnswer, ScimCall } from '../scim/call.ts'
import { listOf, maxPage, oneOf, resourceTypes, schemas, serviceProviderConfig } from '../scim/discovery.ts'
import * as groups from '../scim/groups.ts'
import { readWanted } from '../scim/present.ts'
import * as users from '../scim/users.ts'
import { namesVersion } from '../scim/version.ts'
import type { World } from '../world.ts'
import { prefix, scimServe } from './scim-serve.ts'

export async function scimRoutes(app: FastifyInstance, world: World): Promise<void> {
  const { db } = world
  const calls = async (scope: FastifyInstance) => {
    const serve = scimServe(scope, world)

    serve(scim.listUsers, async call => ({ body: await users.listUsers(db, call, readPage(call), wantedOf(call)) }))
    serve(scim.getUser, async call => fresh(call, await users.getUser(db, call, wantedOf(call))))
    serve(scim.createUser, async call => made(await users.createUser(db, call, wantedOf(call))))
    serve(scim.replaceUser, call => users.replaceUser(db, call, wantedOf(call)))
    serve(scim.patchUser, call => users.patchUser(db, call, wantedOf(call)))
    serve(scim.removeUser, async call => {
      await users.removeUser(db, call)
      return {}
    })

    serve(scim.listGroups, async call => ({ body: await groups.listGroups(db, call, readPage(call), wantedOf(call)) }))
    serve(scim.getGroup, async call => fresh(call, await groups.getGroup(db, call, wantedOf(call))))
    serve(scim.createGroup, async call => made(await groups.createGroup(db, call, wantedOf(call))))
    serve(scim.replaceGroup, call => groups.replaceGroup(db, call, wantedOf(call)))
    serve(scim.patchGroup, async call => {
      const version = await groups.patchGroup(db, call)
      // All members of a large group after each of its changes would be most of a sync.
      if (call.query.attributes === undefined) return { version }
      return { ...(await groups.getGroup(db, call, wantedOf(call))), status: 200 }
    })
    serve(scim.removeGroup, async call => {
      await groups.removeGroup(db, call)
      return {}
    })

    serve(scim.serviceProviderConfig, ({ base }) => ({ body: serviceProviderConfig(base) }))
    serve(scim.resourceTypes, ({ base }) => ({ body: listOf(resourceTypes(base)) }))
    serve(scim.resourceType, ({ base, id, path }) => ({ body: oneOf(resourceTypes(base), id, path) }))
    serve(scim.schemas, ({ base }) => ({ body: listOf(schemas(base)) }))
    serve(scim.schema, ({ base, id, path }) => ({ body: oneOf(schemas(base), id, path) }))
  }
  await app.register(calls, { prefix })
}

function wantedOf({ query }: ScimCall) {
  return readWanted({ attributes: query.attributes, excludedAttributes: query.excludedattributes })
}

/** From 1; what is less means the first. Throws Problem `scim-value-invalid`. */
function readPage({ query }: ScimCall) {
  const numberOf = (name: string, otherwise: number) => {
    const text = query[name.toLowerCase()]
    if (text === undefined || text === '') return otherwise
    if (!/^-?\d{1,15}$/.test(text)) throw new Problem('scim-value-invalid', { reason: `\`${name}\` must be a number` })
    return Number(text)
  }
  return {
    startIndex: Math.max(1, numberOf('startIndex', 1)),
    count: Math.min(maxPage, Math.max(0, numberOf('count', 100))),
    filter: query.filter,
  }
}

function made(answer: ScimAnswer): ScimAnswer {
  const { location } = (answer.body?.meta ?? {}) as { location?: string }
  return location === undefined ? answer : { ...answer, location }
}

/** Nothing is sent again that the provider has in that very version. */
function fresh({ ifNoneMatch }: ScimCall, answer: ScimAnswer): ScimAnswer {
  const isKnown = answer.version !== undefined && ifNoneMatch !== undefined && namesVersion(ifNoneMatch, answer.version)
  return isKnown && answer.version !== undefined ? { status: 304, version: answer.version } : answer
}
