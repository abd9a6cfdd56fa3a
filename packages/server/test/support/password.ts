/** Gives people of a test server a password, as a user admin and the person would. */
import type { TestPerson, TestServer } from './server.ts'

export const password = 'a long walk home'

export async function givePassword(
  { admin }: Pick<TestServer, 'admin'>,
  person: Pick<TestPerson, 'id'>,
  given = password,
): Promise<void> {
  const { token } = await admin.setUp.link({ params: { id: person.id } })
  await admin.setUp.use({ body: { token, password: given } })
}
