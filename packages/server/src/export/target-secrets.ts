/** The secrets of export targets, wrapped anew with the newest encryption key. */
import { replaceTargetSecret, targetSecrets } from '../db/export-target.ts'
import type { Db } from '../db/open.ts'
import type { Vault } from '../secrets.ts'
import { targetSecretContext } from './target.ts'

/**
 * Safe to run twice and on several nodes at once; one that does not open is told and left as it is, so that it hinders
 * no other. Answers how many were wrapped anew.
 */
export async function rewrapTargetSecrets(
  { kysely }: Db,
  vault: Vault,
  onFailure: (target: number, error: unknown) => void,
): Promise<number> {
  let wrapped = 0
  for (const { id, intent, secret } of await targetSecrets(kysely)) {
    try {
      const now = vault.rewrap(secret, targetSecretContext(intent))
      if (now !== secret && (await replaceTargetSecret(kysely, id, secret, now))) wrapped += 1
    } catch (error) {
      onFailure(id, error)
    }
  }
  return wrapped
}
