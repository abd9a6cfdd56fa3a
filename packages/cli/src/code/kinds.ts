/** Every kind, in the order in which they are made: whatever is named comes before what names it. */
import type { Kind } from './kind.ts'
import { dataProducts } from './kinds/data-products.ts'
import { dataSources } from './kinds/data-sources.ts'
import { domains } from './kinds/domains.ts'
import { accessExports } from './kinds/exports.ts'
import { groups } from './kinds/groups.ts'
import { policies } from './kinds/policies.ts'
import { tags } from './kinds/tags.ts'
import { agreements, requestForms, reviewFlows } from './kinds/templates.ts'
import { users } from './kinds/users.ts'

export const kinds = [
  groups,
  users,
  tags,
  agreements,
  requestForms,
  reviewFlows,
  dataSources,
  domains,
  policies,
  dataProducts,
  accessExports,
] as unknown as readonly Kind<unknown>[]
