/**
 * An identity provider in a process of its own: sends calls over as many kept connections as it is told, and answers how
 * long they took. `node scim-client.ts URL TOKEN`, forked.
 */
import { Agent, request } from 'node:http'
import { fileURLToPath } from 'node:url'

/** Which calls to make: `kind` says what each is, `from` and `to` for whom. */
export interface Batch {
  readonly kind: 'createUsers' | 'changeUsers' | 'createGroups' | 'changeGroups'
  readonly from: number
  readonly to: number
  readonly users: number
  readonly membersPerGroup: number
  readonly accountId: string
  readonly parallel: number
}

export interface BatchDone {
  readonly ms: number
  /** When the last answer came, milliseconds since 1970. */
  readonly endedAt: number
  readonly cpuMs: number
}

export const scimClient = fileURLToPath(import.meta.url)

const patchOp = 'urn:ietf:params:scim:api:messages:2.0:PatchOp'
const coreUser = 'urn:ietf:params:scim:schemas:core:2.0:User'
const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'

if (process.argv[1] === scimClient) serve(process.argv[2] ?? '', process.argv[3] ?? '')

function serve(url: string, token: string): void {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 })
  const { hostname, port } = new URL(url)
  /** Ids of users and groups by number, as the server gave them. */
  const ids = { users: [] as string[], groups: [] as string[] }

  async function call(method: string, path: string, body: object): Promise<{ id?: string }> {
    const text = JSON.stringify(body)
    return new Promise((resolve, reject) => {
      const headers = {
        authorization: `Bearer ${token}`,
        'content-type': 'application/scim+json',
        'content-length': Buffer.byteLength(text),
      }
      const sent = request({ agent, hostname, port, method, path: `/scim/v2${path}`, headers }, answer => {
        const parts: Buffer[] = []
        answer.on('data', (part: Buffer) => parts.push(part))
        answer.on('error', reject)
        answer.on('end', () => {
          const told = Buffer.concat(parts).toString()
          if ((answer.statusCode ?? 500) >= 300) reject(new Error(`${method} ${path}: ${told.slice(0, 500)}`))
          else resolve(told === '' ? {} : (JSON.parse(told) as { id?: string }))
        })
      })
      sent.on('error', reject)
      sent.end(text)
    })
  }

  const kinds: Readonly<Record<Batch['kind'], (n: number, batch: Batch) => Promise<void>>> = {
    async createUsers(n, { accountId }) {
      const { id = '' } = await call('POST', '/Users', {
        schemas: [coreUser, enterprise],
        userName: `person-${n}@example.com`,
        externalId: `e-${n}`,
        displayName: `Person ${n}`,
        name: { givenName: 'Person', familyName: String(n) },
        emails: [{ type: 'work', primary: true, value: `person-${n}@example.com` }],
        active: true,
        entitlements: [{ type: 'aws', value: `arn:aws:iam::${accountId}:user/person-${n}` }],
        [enterprise]: { department: `department-${n % 50}`, costCenter: `cc-${n % 500}` },
      })
      ids.users[n] = id
    },
    async changeUsers(n) {
      await call('PATCH', `/Users/${ids.users[n]}`, {
        schemas: [patchOp],
        Operations: [
          { op: 'Replace', path: `${enterprise}:department`, value: `department-${(n + 1) % 50}` },
          { op: 'Replace', path: 'title', value: 'Analyst' },
        ],
      })
    },
    async createGroups(n, batch) {
      const { id = '' } = await call('POST', '/Groups', {
        schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'],
        displayName: `group-${n}`,
        externalId: `g-${n}`,
        members: membersOf(n, batch).map(value => ({ value })),
      })
      ids.groups[n] = id
    },
    async changeGroups(n, batch) {
      const tenth = Math.max(1, Math.floor(batch.membersPerGroup / 10))
      const gone = membersOf(n, batch).slice(0, tenth)
      // From far away, so that whoever comes is let in by no other group.
      const come = membersOf(n + batch.users / batch.membersPerGroup / 2, batch).slice(0, tenth)
      await call('PATCH', `/Groups/${ids.groups[n]}`, {
        schemas: [patchOp],
        Operations: [
          { op: 'Add', path: 'members', value: come.map(value => ({ value })) },
          { op: 'Remove', path: 'members', value: gone.map(value => ({ value })) },
        ],
      })
    },
  }

  /** Side by side, so that everybody is in some group. */
  function membersOf(n: number, { users, membersPerGroup }: Batch): string[] {
    const first = Math.floor(n * membersPerGroup)
    return Array.from({ length: membersPerGroup }, (_, at) => ids.users[(first + at) % users] ?? '')
  }

  process.on('message', (batch: Batch) => {
    const begun = performance.now()
    const cpu = process.cpuUsage()
    let next = batch.from
    const lane = async () => {
      while (next < batch.to) {
        const n = next
        next += 1
        await kinds[batch.kind](n, batch)
      }
    }
    void Promise.all(Array.from({ length: batch.parallel }, lane)).then(() => {
      const { user, system } = process.cpuUsage(cpu)
      const done = { ms: performance.now() - begun, endedAt: Date.now(), cpuMs: (user + system) / 1000 }
      process.send?.(done satisfies BatchDone)
    })
  })
  process.on('disconnect', () => agent.destroy())
}
