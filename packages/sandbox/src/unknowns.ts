/**
 * What nobody outside AWS knows for sure, as switches: each with its default and the reason for it.
 * Settling one against real AWS means changing its default here and nothing else.
 */

export interface Unknowns {
  /** Status of a successful delete. AWS's model says 200, S3's habit is 204. */
  deleteStatus: number
  /** Page size when MaxResults is left out. */
  defaultPageSize: number
  /** May a READ and a WRITE grant on one scope together answer a READWRITE request? */
  readPlusWriteIsReadWrite: boolean
  /** Is `s3://b` (no slash) a target inside `s3://b/*`? */
  bareBucketInsideBucketScope: boolean
  /** May HeadBucket, which carries no prefix, be called with credentials for a prefix? */
  headBucketUnderPrefix: boolean
  /** Is a READ vend from a READWRITE grant narrowed to reading? */
  readVendIsReadOnly: boolean
  /** Does the application belong to what makes a grant unique? */
  applicationInUniqueness: boolean
  /** Does S3PrefixType belong to what makes a grant unique? */
  prefixTypeInUniqueness: boolean
  /** What ListCallerAccessGrants prints as the application of a grant that names none. */
  applicationOfOpenGrant: 'ALL' | 'NA'
  /** Must a location role's trust allow sts:SetSourceIdentity for a plain IAM caller? */
  setSourceIdentityRequired: boolean
  /** Code for a grant or location whose bucket does not exist. */
  missingBucketCode: 'InvalidAccessGrant' | 'InvalidRequest' | 'NoSuchBucket'
  /** Code for a NextToken that was never given out. */
  badTokenCode: string
  /** Status of `InvalidRequest: Invalid Grantee in the request`. */
  invalidGranteeStatus: number
  /** Is an instance that is still associated with Identity Center refused deletion? */
  associatedInstanceBlocksDelete: boolean
}

export interface UnknownSwitch<Name extends keyof Unknowns = keyof Unknowns> {
  readonly name: Name
  readonly default: Unknowns[Name]
  readonly reason: string
}

const because = <Name extends keyof Unknowns>(
  name: Name,
  fallback: Unknowns[Name],
  reason: string,
): UnknownSwitch<Name> => ({
  name,
  default: fallback,
  reason,
})

export const UNKNOWNS: readonly UnknownSwitch[] = [
  because('deleteStatus', 200, "AWS's model gives 200 for every operation; SDKs accept any 2xx"),
  because(
    'defaultPageSize',
    1000,
    'nothing is published; the largest allowed page hides no paging bug that a MaxResults test would not show',
  ),
  because(
    'readPlusWriteIsReadWrite',
    false,
    'one grant answers one request in every documented example; refusing is the safe side',
  ),
  because(
    'bareBucketInsideBucketScope',
    false,
    'a target is compared as text, and `s3://b` does not begin with `s3://b/`',
  ),
  because(
    'headBucketUnderPrefix',
    false,
    'HeadBucket is s3:ListBucket without s3:prefix, which a prefix condition does not match',
  ),
  because('readVendIsReadOnly', true, 'the documentation calls Permission the level of the credentials returned'),
  because(
    'applicationInUniqueness',
    true,
    'grants for two applications give different access, so they should be able to coexist',
  ),
  because('prefixTypeInUniqueness', false, 'a scope ending in `*` and one without already differ as text'),
  because(
    'applicationOfOpenGrant',
    'ALL',
    'samples show ALL, NA and ARNs without saying when; ALL is what clients that filter by application look for',
  ),
  because('setSourceIdentityRequired', false, "AWS's own plugin tests use a trust policy with only sts:AssumeRole"),
  because(
    'missingBucketCode',
    'InvalidRequest',
    'S3 Control answers InvalidRequest to requests it can not act on; no code is documented',
  ),
  because(
    'badTokenCode',
    'InvalidRequest',
    'S3 Control answers InvalidRequest to arguments it can not read; no code is documented',
  ),
  because('invalidGranteeStatus', 400, 'seen by Terraform without its status; InvalidRequest is 400 elsewhere'),
  because(
    'associatedInstanceBlocksDelete',
    true,
    'the model says to dissociate first; the code is taken as InvalidRequest',
  ),
]

export function defaultUnknowns(): Unknowns {
  return Object.fromEntries(UNKNOWNS.map(({ name, default: value }) => [name, value])) as unknown as Unknowns
}
