/** What Headgate asks of PostgreSQL, said before anything is touched rather than by the statement that would fail. */
import type pg from 'pg'

/** The first with the collation `pg_c_utf8`, by which names are compared alike whatever the locale of the database. */
const oldest = 17

export interface ServerFound {
  /** As `server_version_num` has it: 170004. */
  readonly version: number
  readonly encoding: string
}

/** @throws Error in words for whoever runs it */
export async function refuseUnfitServer(client: pg.Client): Promise<void> {
  const { rows } = await client.query<ServerFound>(
    "select current_setting('server_version_num')::int as version, current_setting('server_encoding') as encoding",
  )
  const fault = rows[0] && unfit(rows[0])
  if (fault !== undefined) throw new Error(fault)
}

/** Why it does not do; undefined: it does. */
export function unfit({ version, encoding }: ServerFound): string | undefined {
  const major = Math.floor(version / 10_000)
  if (major < oldest) {
    return `the database is PostgreSQL ${major}, and Headgate needs ${oldest} or newer: upgrade it, or name another in DATABASE_URL`
  }
  if (encoding !== 'UTF8') {
    return `the database has the encoding ${encoding}, and Headgate needs UTF8: make it with \`create database … encoding 'UTF8' template template0\``
  }
  return undefined
}
