/**
 * What AWS was told, in the audit trail: the grants that were created or revoked, each by name, with the outcomes in the
 * ledger or not at all. As many as come in together are one event, so that a run of 20,000 leaves some hundreds of them.
 */
import type { Act, AuditTarget } from './act.ts'

export interface ChangedGrant {
  readonly id: number
  readonly what: 'created' | 'revoked'
  readonly integration_id: number
  readonly data_source_id: number
  readonly person_id: number
  readonly grantee_id: string
  readonly bucket: string
  readonly key: string
  readonly kind: string
  readonly permission: string
  readonly aws_grant_id: string | null
  readonly run_id: number | null
  readonly cause: string
}

/** In one event: a few kilobytes a dozen, which a page of the trail can still show. */
const mostInOne = 200

export function tellGrants({ audit }: Pick<Act, 'audit'>, rows: readonly ChangedGrant[]): void {
  for (let from = 0; from < rows.length; from += mostInOne) {
    const some = rows.slice(from, from + mostInOne)
    const [first] = some
    if (!first) return
    const of = (what: ChangedGrant['what']) => some.filter(row => row.what === what).map(describe)
    audit({
      action: 'PROVISION',
      targetType: 'INTEGRATION',
      targets: [{ type: 'INTEGRATION', id: String(first.integration_id) }],
      relatedResources: [
        ...each('RUN', some, row => row.run_id),
        ...each('DATASOURCE', some, row => row.data_source_id),
        ...each('USER', some, row => row.person_id),
      ],
      payload: { type: 'GrantsChanged', created: of('created'), revoked: of('revoked') },
    })
  }
}

function describe(row: ChangedGrant) {
  const { id, aws_grant_id, person_id, data_source_id, grantee_id, bucket, key, kind, permission, cause } = row
  return {
    ledgerId: id,
    grantId: aws_grant_id,
    user: person_id,
    dataSource: data_source_id,
    grantee: grantee_id,
    scope: `s3://${bucket}/${key}${kind === 'object' ? '' : '*'}`,
    permission,
    cause,
  }
}

function each(
  type: string,
  rows: readonly ChangedGrant[],
  idOf: (row: ChangedGrant) => number | null,
): readonly AuditTarget[] {
  const ids = new Set(rows.map(idOf).filter(id => id !== null))
  return [...ids].map(id => ({ type, id: String(id) }))
}
