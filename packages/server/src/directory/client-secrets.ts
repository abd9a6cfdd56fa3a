/** The secrets of our clients at identity providers: what they are sealed for, and their rotation. */
import { clientSecrets, replaceClientSecret } from '../db/identity-provider.ts'
import type { Db } from '../db/open.ts'
import type { Vault } from '../secrets.ts'

/** The row that a client secret is sealed for. */
export function clientSecretContext(id: number): string {
  return `identity-provider/${id}/clientSecret`
}

/**
 * Every client secret under the newest key. Safe to run twice and on several nodes at once; one that does not open is
 * told and left as it is, so that it hinders no other. Answers how many were wrapped anew.
 */
export async function rewrapClientSecrets(
  { kysely }: Db,
  vault: Vault,
  onFailure: (provider: number, error: unknown) => void,
): Promise<number> {
  let wrapped = 0
  for (const { id, secret } of await clientSecrets(kysely)) {
    try {
      const now = vault.rewrap(secret, clientSecretContext(id))
      if (now !== secret && (await replaceClientSecret(kysely, id, secret, now))) wrapped += 1
    } catch (error) {
      onFailure(id, error)
    }
  }
  return wrapped
}
