/** AWS on localhost: `const sandbox = await startSandbox()`, then point any AWS client at `sandbox.url`. */
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Bootstrap, IdentityCenter } from './bootstrap.ts'
import { change, createControlDesk } from './control-desk.ts'
import { createFaults, type FaultSettings, type Faults } from './faults.ts'
import { iamService } from './iam/service.ts'
import { identityStoreService } from './identity-store/service.ts'
import { kmsService } from './kms/service.ts'
import { forgetful, openMemory } from './memory/memory.ts'
import { newSeed, randomnessFrom } from './randomness.ts'
import type { RoleSessionRequest, SessionCredentials } from './role-session.ts'
import { s3Service } from './s3/service.ts'
import { s3ControlService } from './s3control/service.ts'
import type { Seed } from './seed/read-seed.ts'
import type { SeededAccount } from './seed/seed.ts'
import { createSandboxServer } from './server.ts'
import type { Limits, Service, World } from './service.ts'
import { ssoService } from './sso/service.ts'
import { ssoOidcService } from './sso-oidc/service.ts'
import { emptyState, type SandboxState } from './state.ts'
import { stsService } from './sts.ts'
import { defaultUnknowns, type Unknowns } from './unknowns.ts'
import type { Instant } from './wire.ts'

export type { Bootstrap, IdentityCenter } from './bootstrap.ts'
export type { FaultRule, FaultSettings, Faults } from './faults.ts'
export type { Seed, SeedAccount } from './seed/read-seed.ts'
export type { SeededAccount } from './seed/seed.ts'
export type { Limits } from './service.ts'
export type { SandboxState } from './state.ts'
export { UNKNOWNS, type Unknowns } from './unknowns.ts'

export interface SandboxOptions {
  /** Default 0: any free port. */
  readonly port?: number
  /** Default 127.0.0.1. The desk under `/_sandbox` needs no signature, so think before opening it to a network. */
  readonly host?: string
  /** Where the state is kept, also through a `kill -9`, by one process at a time. Default: nowhere. */
  readonly dataDir?: string
  /** Milliseconds since 1970; default the machine's clock. */
  readonly now?: () => Instant
  readonly faults?: Partial<FaultSettings>
  readonly unknowns?: Partial<Unknowns>
  readonly limits?: Partial<Limits>
  /** Told of every error that is the sandbox's own fault. Default: nothing; the client sees InternalError. */
  readonly onBug?: (error: unknown) => void
}

export interface Sandbox {
  readonly url: string
  readonly port: number
  /** With a data directory, only to be read: what is changed here is not remembered. */
  readonly state: SandboxState
  readonly faults: Faults
  readonly unknowns: Unknowns
  readonly limits: Limits
  /** Sets the named switches. Throws TypeError on a name or type it doesn't know. */
  changeUnknowns(wanted: Readonly<Record<string, unknown>>): void
  /** Makes the account unless it exists, with a key that may do everything in it. */
  makeAccount(accountId: string): Bootstrap
  makeIdentityCenter(accountId: string, region: string): IdentityCenter
  /** Sets up whole accounts; keeps what is there. Throws TypeError on a seed it can't follow. */
  seed(seed: Seed): Promise<{ readonly accounts: readonly SeededAccount[] }>
  /** Credentials of a role without assuming it, for a demo or a test. Throws TypeError on what does not exist. */
  roleSession(request: RoleSessionRequest): Promise<SessionCredentials>
  /** `s3control.CreateAccessGrant` → how often it was called. */
  calls(): Readonly<Record<string, number>>
  /** Cuts open connections, and lets go of the data directory. */
  close(): Promise<void>
}

const SERVICES: readonly Service[] = [
  s3ControlService,
  s3Service,
  stsService,
  iamService,
  identityStoreService,
  ssoService,
  ssoOidcService,
  kmsService,
]

/** Throws Error when another process has the data directory or what is in it can't be read. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const world: World = {
    state: emptyState(),
    now: options.now ?? Date.now,
    random: randomnessFrom(newSeed()),
    faults: createFaults(options.faults),
    unknowns: { ...defaultUnknowns(), ...options.unknowns },
    // AWS's published quotas.
    limits: { grantsPerInstance: 100_000, locationsPerInstance: 1_000, ...options.limits },
  }
  const memory = options.dataDir === undefined ? forgetful : openMemory(options.dataDir, world, SERVICES)
  const desk = createControlDesk(world, memory)
  const server = createSandboxServer({ world, services: SERVICES, desk, memory, onBug: options.onBug ?? (() => {}) })
  const host = options.host ?? '127.0.0.1'
  try {
    await listen(server, host, options.port ?? 0)
  } catch (error) {
    memory.close()
    throw error
  }
  const { port } = server.address() as AddressInfo
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    port,
    state: world.state,
    faults: world.faults,
    unknowns: world.unknowns,
    limits: world.limits,
    changeUnknowns: wanted => {
      change(world.unknowns, wanted)
    },
    makeAccount: accountId => desk.change('accounts', { accountId }) as Bootstrap,
    makeIdentityCenter: (accountId, region) => desk.change('identity-center', { accountId, region }) as IdentityCenter,
    seed: async seed => desk.change('seed', seed) as { accounts: SeededAccount[] },
    roleSession: async request => desk.change('role-session', request) as SessionCredentials,
    calls: desk.calls,
    close: async () => {
      await new Promise<void>((resolve, reject) => {
        server.close(error => (error === undefined ? resolve() : reject(error)))
        server.closeAllConnections()
      })
      memory.close()
    },
  }
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
}
