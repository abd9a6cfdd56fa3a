/**
 * What a SCIM user and group are made of: the library's definitions of RFC 7643, less what Headgate has no use for.
 *
 * Our own copies, so that the library's global registry stays as it is. Passwords, pictures, certificates and addresses
 * for messages are left out: never stored, never answered.
 */
import { EnterpriseUser, Group, User } from 'scimmy/schemas'
import { Attribute, SchemaDefinition } from 'scimmy/types'

export type Json = { readonly [name: string]: unknown }

export const coreUser = User.definition.id
export const enterpriseUser = EnterpriseUser.definition.id
export const coreGroup = Group.definition.id

const leftOut = ['schemas', 'id', 'externalId', 'meta', 'password', 'ims', 'photos', 'x509Certificates']

export const userDefinition = copyOf(User.definition).extend(copyOf(EnterpriseUser.definition), false)
export const groupDefinition = copyOf(Group.definition)

function copyOf({ name, id, description, attributes }: SchemaDefinition): SchemaDefinition {
  const kept = attributes.flatMap(one =>
    one instanceof Attribute && !leftOut.includes(one.name) ? [relaxed(one)] : [],
  )
  return new SchemaDefinition(name, id, description, kept)
}

/** Providers send types of their own and references of any form, which RFC 7643 allows and the library refuses. */
function relaxed(attribute: Attribute): Attribute {
  const { type, name, config, subAttributes = [] } = attribute
  const plain = { ...config, canonicalValues: false, referenceTypes: false } as Attribute['config']
  const parts = (subAttributes as Attribute[]).map(relaxed)
  return new Attribute(type === 'reference' ? 'string' : type, name, plain, parts)
}

/** An attribute where it stands in a resource. */
export interface Place {
  /** Where it stands: `['name', 'givenName']`, with the extension's URN first where it has one. */
  readonly names: readonly string[]
  readonly type: Attribute['type']
  /** Whether it is itself a list. */
  readonly isList: boolean
  /** Whether upper and lower case are told apart. */
  readonly isExact: boolean
  readonly isReadOnly: boolean
}

/** By the attribute's name in lower case, with and without its schema's URN; a URN alone is the whole extension. */
export type Places = ReadonlyMap<string, Place>

export const userPlaces = placesOf(userDefinition)
export const groupPlaces = placesOf(groupDefinition)

function placesOf(definition: SchemaDefinition): Places {
  const places = new Map<string, Place>()
  const put = (aliases: readonly string[], place: Place) => {
    for (const alias of aliases) places.set(alias.toLowerCase(), place)
  }
  const add = (attribute: Attribute, before: readonly string[], prefixes: readonly string[]) => {
    const { name, type, config, subAttributes = [] } = attribute
    const place = {
      names: [...before, name],
      type,
      isList: config.multiValued === true,
      isExact: config.caseExact === true,
      isReadOnly: config.mutable === false || name === 'id' || name === 'meta',
    }
    put(
      prefixes.map(prefix => prefix + name),
      place,
    )
    for (const part of subAttributes as Attribute[]) {
      add(
        part,
        place.names,
        prefixes.map(prefix => `${prefix}${name}.`),
      )
    }
  }
  // The library's types do not say that extensions stand among the attributes.
  for (const one of definition.attributes as (Attribute | SchemaDefinition)[]) {
    if (one instanceof Attribute) add(one, [], ['', `${definition.id}:`])
    else {
      const whole = { type: 'complex', isList: false, isExact: false, isReadOnly: false } as const
      put([one.id], { names: [one.id], ...whole })
      for (const part of one.attributes) if (part instanceof Attribute) add(part, [one.id], [`${one.id}:`])
    }
  }
  return places
}
