/** Who decides, stage by stage: of a review flow, and of a policy that opens requests (06). */
import { z } from 'zod'
import { name } from './common.ts'
import { domainRights } from './domains.ts'
import { permissions } from './endpoint.ts'

const word = z.string().min(1).max(255).normalize('NFC')

/** `Manage Data Products` is the same as `MANAGE_DATA_PRODUCTS`. */
const rightInput = z
  .string()
  .max(50)
  .transform(text => text.trim().toUpperCase().replaceAll(' ', '_'))
  .pipe(z.enum(domainRights))
const rightShown = z.enum(domainRights)

const reviewOf = (right: typeof rightInput | typeof rightShown) => {
  const criterion = z.union(
    [
      /** By user name. */
      z.strictObject({ user: word }),
      z.strictObject({ group: word }),
      z.strictObject({ permission: z.enum(permissions) }),
      /** In that domain, else in the domain of what is asked for. */
      z.strictObject({ domainRight: right, domain: name.exactOptional() }),
      /** That value or a parent of it; without one, any under the key. */
      z.strictObject({ attribute: z.strictObject({ key: word, value: word.exactOptional() }) }),
    ],
    { error: 'must be one of `user`, `group`, `permission`, `domainRight`, `attribute`, and nothing else' },
  )
  const list = z.array(criterion).min(1).max(20).readonly()
  const stage = z.union([z.strictObject({ any: list }), z.strictObject({ all: list })], {
    error: 'must be `any` or `all` with a list of 1 to 20 criteria',
  })
  /** In order: one approval for `any`, one by a different person for every criterion of `all`. */
  return z.strictObject({ stages: z.array(stage).min(1).max(10).readonly() })
}

/** As people write it. */
export const reviewInput = reviewOf(rightInput)
/** As it is answered. */
export const reviewShown = reviewOf(rightShown)
