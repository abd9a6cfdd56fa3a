/** What an identity provider may say by SCIM, and how its attributes are read. */
import type { ScimMapping } from '@headgate/core/api'

export interface ScimProvider {
  /** What the `source` of all that it asserts is. */
  readonly name: string
  readonly attributeKeys: readonly string[]
  readonly groupPatterns: readonly string[]
  readonly mapping: ScimMapping
  /** Rises with every change of what stands here. */
  readonly version: number
}
