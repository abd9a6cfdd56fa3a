/** AWS on localhost: `const sandbox = await startSandbox()`, then point any AWS client at `sandbox.url`. */
import type { AddressInfo } from 'node:net'
import { type Bootstrap, type IdentityCenter, makeAccount, makeIdentityCenter } from './bootstrap.ts'
import { change, createControlDesk } from './control-desk.ts'
import { createFaults, type FaultSettings, type Faults } from './faults.ts'
import { iamService } from './iam/service.ts'
import { identityStoreService } from './identity-store/service.ts'
import { s3Service } from './s3/service.ts'
import { s3ControlService } from './s3control/service.ts'
import { createSandboxServer } from './server.ts'
import type { Limits, Service, World } from './service.ts'
import { emptyState, type SandboxState } from './state.ts'
import { stsService } from './sts.ts'
import { defaultUnknowns, type Unknowns } from './unknowns.ts'
import type { Instant } from './wire.ts'

export type { Bootstrap, IdentityCenter } from './bootstrap.ts'
export type { FaultRule, FaultSettings, Faults } from './faults.ts'
export type { Limits } from './service.ts'
export type { SandboxState } from './state.ts'
export { UNKNOWNS, type Unknowns } from './unknowns.ts'

export interface SandboxOptions {
  /** Default 0: any free port. */
  readonly port?: number
  /** Default 127.0.0.1. The desk under `/_sandbox` needs no signature, so think before opening it to a network. */
  readonly host?: string
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
  readonly state: SandboxState
  readonly faults: Faults
  readonly unknowns: Unknowns
  readonly limits: Limits
  /** Sets the named switches. Throws TypeError on a name or type it doesn't know. */
  changeUnknowns(wanted: Readonly<Record<string, unknown>>): void
  /** Makes the account unless it exists, with a key that may do everything in it. */
  makeAccount(accountId: string): Bootstrap
  makeIdentityCenter(accountId: string, region: string): IdentityCenter
  /** `s3control.CreateAccessGrant` → how often it was called. */
  calls(): Readonly<Record<string, number>>
  /** Cuts open connections. */
  close(): Promise<void>
}

const SERVICES: readonly Service[] = [s3ControlService, s3Service, stsService, iamService, identityStoreService]

export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const world: World = {
    state: emptyState(),
    now: options.now ?? Date.now,
    faults: createFaults(options.faults),
    unknowns: { ...defaultUnknowns(), ...options.unknowns },
    // AWS's published quotas.
    limits: { grantsPerInstance: 100_000, locationsPerInstance: 1_000, ...options.limits },
  }
  const desk = createControlDesk(world)
  const server = createSandboxServer({ world, services: SERVICES, desk, onBug: options.onBug ?? (() => {}) })
  const host = options.host ?? '127.0.0.1'
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
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
    makeAccount: accountId => makeAccount(world, accountId),
    makeIdentityCenter: (accountId, region) => makeIdentityCenter(world, accountId, region),
    calls: desk.calls,
    close: () =>
      new Promise((resolve, reject) => {
        server.close(error => (error === undefined ? resolve() : reject(error)))
        server.closeAllConnections()
      }),
  }
}
