/**
 * A refusal in AWS's words, which name the layer that refused: what people search for and what clients match on.
 */
import { type Layer, layerNames, type Request, type Verdict } from './evaluate.ts'

/**
 * "User: … is not authorized to perform: s3:GetObject on resource: "arn:…" because no session policy allows the …".
 * `quoteResource`: S3 puts the ARN in quotes, the other services do not (default false).
 */
export function denialText(request: Request, verdict: Verdict, options: { quoteResource?: boolean } = {}): string {
  const resource = options.quoteResource ? `"${request.resource}"` : request.resource
  return `User: ${requesterName(request)} is not authorized to perform: ${request.action} on resource: ${resource} ${because(request, verdict)}`
}

function because({ action }: Request, { decision, layer }: Verdict): string {
  if (decision === 'explicitDeny') return `with an explicit deny in ${withArticle[layer]}`
  return `because no ${layerNames[layer]} allows the ${action} action`
}

function requesterName({ principal }: Request): string {
  switch (principal.kind) {
    case 'anonymous':
      return 'anonymous'
    case 'service':
      return principal.service
    case 'federated':
      return principal.provider
    default:
      return principal.arn
  }
}

const withArticle: Readonly<Record<Layer, string>> = {
  identity: 'an identity-based policy',
  resource: 'a resource-based policy',
  session: 'a session policy',
  boundary: 'a permissions boundary',
  trust: 'the role trust policy',
}
