/** The laws of core, all of them in every random world. */
import { brakeLaws } from './laws/brake.ts'
import { entitlementLaws } from './laws/entitlement.ts'
import { explainLaws } from './laws/explain.ts'
import { indexLaws } from './laws/index-changes.ts'
import { holdLaws } from './laws/law.ts'
import { marketplaceLaws } from './laws/marketplace.ts'
import { planLaws } from './laws/plan.ts'
import { previewLaws } from './laws/preview.ts'
import { seeds } from './worlds.ts'

holdLaws(
  [...entitlementLaws, ...indexLaws, ...explainLaws, ...previewLaws, ...planLaws, ...brakeLaws, ...marketplaceLaws],
  seeds,
)
