/**
 * The contract between Headgate and S3 Access Grants: what the product relies on, asked of whatever `target` is.
 * One suite for the sandbox and for AWS, so that the one stays honest about the other.
 */
import assert from 'node:assert/strict'
import { after, before, describe } from 'node:test'
import { grantContract } from './grant-contract.ts'
import { placeContract } from './place-contract.ts'
import { type Stage, setStage } from './stage.ts'
import type { ContractTarget } from './target.ts'
import { unknownsContract } from './unknowns-contract.ts'
import { vendingContract } from './vending-contract.ts'

/** Declares the suite; `open` is called once, when it starts, and what it gives is closed in the end. */
export function accessGrantsContract(name: string, open: () => Promise<ContractTarget>): void {
  describe(`the contract with S3 Access Grants, on ${name}`, () => {
    let target: ContractTarget | undefined
    let set: Stage | undefined
    before(async () => {
      target = await open()
      set = await setStage(target)
    })
    after(async () => {
      try {
        await set?.strike()
      } finally {
        await target?.close()
      }
    })
    const stage = (): Stage => {
      assert.ok(set, 'the stage could not be set')
      return set
    }
    placeContract(stage)
    grantContract(stage)
    vendingContract(stage)
    unknownsContract(stage)
  })
}
