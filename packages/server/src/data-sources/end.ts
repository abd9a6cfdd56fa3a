/** What to tell whoever disables or deletes a data source: how long people may still read, and who goes on reading (05). */
import type { Act } from '../db/act.ts'
import type { DataSourceRow } from '../db/data-source.ts'
import { activeCovering } from '../db/data-source-registration.ts'
import { countGrants, credentialsEndBy } from '../db/grant-list.ts'
import { findIntegration } from '../db/integration.ts'

/** Says nothing reassuring that is not so: vended credentials live on, and wider data sources still open this one. */
export async function tellTheEnd({ tx, now }: Act, row: DataSourceRow): Promise<string> {
  const { revoked: _, abandoned: __, ...live } = await countGrants(tx, row.id)
  const count = Object.values(live).reduce((sum, one) => sum + one, 0)
  const integration = await findIntegration(tx, row.integration_id)
  const end = new Date(credentialsEndBy(now, integration?.max_session_seconds ?? null)).toISOString()
  const mode = integration?.status === 'deleting' ? 'enforce' : (integration?.mode ?? 'enforce')
  const credentials =
    count === 0
      ? 'no grant of it is in AWS'
      : mode === 'enforce'
        ? `its ${count === 1 ? 'grant is' : `${count} grants are`} being revoked: no new credentials after about 30 s, ` +
          `existing ones end by ${end} (if AWS can be reached now)`
        : `its ${count === 1 ? 'grant stays' : `${count} grants stay`} in AWS: the mode of the integration is \`${mode}\``
  const wider = (await activeCovering(tx, row)).map(({ name }) => `\`${name}\``)
  return wider.length === 0 ? credentials : `${credentials}; who reaches ${wider.join(', ')} still reads here as well`
}
