/** What the AWS admin needs, document by document: the template with all of it first, and who each is for. */
import type { SetupDocuments } from '@headgate/core/api'
import { CopyText } from '../ui/scope-path.tsx'
import { TextDocument } from '../ui/text-document.tsx'

const titles = {
  cloudFormation: ['CloudFormation template with all of it', 'headgate-cloudformation.json'],
  controllerPolicy: ['Policy of the role that Headgate assumes', 'headgate-controller-policy.json'],
  controllerTrustPolicy: ['Trust policy of the role that Headgate assumes', 'headgate-controller-trust.json'],
  locationRoleTrustPolicy: ['Trust policy of the location role', 'headgate-location-trust.json'],
  locationRolePolicy: ['Policy of the location role', 'headgate-location-policy.json'],
  consumerPolicy: ['Policy for people who ask for credentials themselves', 'headgate-consumer-policy.json'],
} as const

export function Documents({ documents }: { readonly documents: SetupDocuments }) {
  return (
    <div>
      <p>
        External id: <code>{documents.tenantId}</code> <CopyText text={documents.tenantId} what="the external id" />
      </p>
      <p className="quiet small">
        Either the template, which makes both roles, or the policies one by one, pasted where AWS asks for them.
      </p>
      {Object.entries(titles).map(([key, [title, fileName]]) => {
        const text = JSON.stringify(documents[key as keyof typeof titles], null, 2)
        return <TextDocument key={key} title={title} text={text} fileName={fileName} />
      })}
    </div>
  )
}
