/**
 * The role that the server works as: it reads and writes everything, but what is append-only it can only add to.
 *
 * With the embedded database the role is made here. Elsewhere the database's owner has made it, and it is whom
 * `DATABASE_URL` names, while `DATABASE_OWNER_URL` names the owner. Rights are given anew at each start, as there may be
 * new tables. Whoever holds the machine or the owner's password can undo all of it: that is what checkpoints are for.
 */
import { createHmac } from 'node:crypto'
import pg from 'pg'

/** The trail, and the history of facts from which the past is told. */
const appendOnly = [
  ...['audit_event', 'audit_seal', 'audit_batch', 'audit_entry', 'audit_key', 'audit_checkpoint'],
  // The second is the partition of the first that holds the rows.
  ...['fact_change', 'fact_change_default'],
]
const embeddedRole = 'headgate_server'
const rightsLock = 4_773_218_004 // advisory lock key: one start at a time gives rights

/** Makes the embedded database's role, or gives it its rights anew; answers the address to work at. */
export async function embeddedServerUrl(ownerUrl: string): Promise<string> {
  const url = new URL(ownerUrl)
  // Follows from the owner's, so that every process that may know that one comes to the same.
  const password = createHmac('sha256', url.password).update(embeddedRole).digest('hex')
  await asOwner(ownerUrl, async client => {
    const { rowCount } = await client.query('select from pg_roles where rolname = $1', [embeddedRole])
    if (rowCount === 0) await client.query(`create role ${embeddedRole} login`)
    await client.query(`alter role ${embeddedRole} password '${password}'`)
    await giveRights(client, embeddedRole)
  })
  url.username = embeddedRole
  url.password = password
  return url.href
}

/** Gives the role of `serverUrl` what it needs. Throws where both addresses name one role. */
export async function giveServerRights(ownerUrl: string, serverUrl: string): Promise<void> {
  const role = await roleOf(serverUrl)
  await asOwner(ownerUrl, async client => {
    const { rows } = await client.query<{ owner: string }>('select current_user as owner')
    if (rows[0]?.owner === role) {
      throw new Error('DATABASE_OWNER_URL and DATABASE_URL name the same role: make another one for the server')
    }
    await giveRights(client, role)
  })
}

/** Whether whoever comes in at the address could change what is append-only. */
export async function mayRewrite(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, application_name: 'headgate rights' })
  client.on('error', () => {}) // told by the statement that fails
  try {
    await client.connect()
    const { rows } = await client.query<{ may: boolean }>(
      // Whoever owns the schema, or the database that it belongs to, may drop what others made in it.
      `select bool_or(has_table_privilege(name, 'UPDATE, DELETE, TRUNCATE, TRIGGER')
         or pg_has_role(relowner, 'MEMBER') or pg_has_role(nspowner, 'MEMBER')) as may
       from unnest($1::text[]) name
       join pg_class on pg_class.oid = name::regclass join pg_namespace on pg_namespace.oid = relnamespace`,
      [appendOnly],
    )
    return rows[0]?.may !== false
  } finally {
    await client.end().catch(() => {})
  }
}

async function roleOf(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url, application_name: 'headgate rights' })
  client.on('error', () => {}) // told by the statement that fails
  try {
    await client.connect()
    const { rows } = await client.query<{ role: string }>('select current_user as role')
    return rows[0]?.role ?? ''
  } finally {
    await client.end().catch(() => {})
  }
}

async function asOwner(url: string, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: url, application_name: 'headgate rights' })
  client.on('error', () => {}) // told by the statement that fails
  try {
    await client.connect()
    await client.query('begin')
    await client.query('select pg_advisory_xact_lock($1)', [rightsLock])
    await work(client)
    await client.query('commit')
  } finally {
    await client.end().catch(() => {})
  }
}

/** In one transaction: nobody sees the moment in which it may do more. */
async function giveRights(client: pg.Client, role: string): Promise<void> {
  const to = pg.escapeIdentifier(role)
  const { rows } = await client.query<{ table: string }>(
    `select quote_ident(relname) as table from pg_class
     where relnamespace = current_schema::regnamespace and relkind in ('r', 'p') and relname <> all($1)`,
    [appendOnly],
  )
  const schema = (await client.query<{ name: string }>('select quote_ident(current_schema) as name')).rows[0]?.name
  await client.query(`grant usage on schema ${schema} to ${to}`)
  await client.query(`grant select, insert, update, delete on ${rows.map(({ table }) => table).join(', ')} to ${to}`)
  await client.query(`revoke insert, update, delete on schema_migration from ${to}`)
  await client.query(`revoke all on ${appendOnly.join(', ')} from ${to}`)
  await client.query(`grant select, insert on ${appendOnly.join(', ')} to ${to}`)
  await client.query(`grant usage, select on all sequences in schema ${schema} to ${to}`)
}
