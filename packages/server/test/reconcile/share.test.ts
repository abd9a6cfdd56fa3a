/** However many nodes and integrations there are, and whoever comes and goes, the shares come out even. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { IntegrationId } from '@headgate/core'
import fc from 'fast-check'
import { type Shared, shareOf } from '../../src/reconcile/share.ts'

const integration = (id: number, place: string, holder?: number): Shared => ({ id: id as IntegrationId, place, holder })

test('a node takes no more than its share, that of a place it is in first', () => {
  const all = [integration(1, 'a', 7), integration(2, 'b'), integration(3, 'a'), integration(4, 'b')]
  assert.deepEqual(shareOf(7, [7, 8], all), { take: [3], giveBack: [] })
  assert.deepEqual(shareOf(8, [7, 8], all), { take: [2, 3], giveBack: [] })
  assert.deepEqual(shareOf(7, [7], all), { take: [3, 2, 4], giveBack: [] })
})

test('what is more than its share is given back, that of places it is hardly in first', () => {
  const all = [integration(1, 'a', 7), integration(2, 'b', 7), integration(3, 'b', 7), integration(4, 'b', 8)]
  assert.deepEqual(shareOf(7, [7, 8], all), { take: [], giveBack: [1] })
})

test('nodes acting one after the other in any order come to even shares, with nothing left over, and stay there', () => {
  const world = fc.record({
    nodes: fc.integer({ min: 1, max: 6 }),
    integrations: fc.array(
      fc.record({ place: fc.integer({ min: 1, max: 4 }), holder: fc.integer({ min: 0, max: 6 }) }),
    ),
    turns: fc.array(fc.nat({ max: 5 }), { minLength: 12, maxLength: 12 }),
  })
  fc.assert(
    fc.property(world, ({ nodes: count, integrations, turns }) => {
      const nodes = Array.from({ length: count }, (_, at) => at + 1)
      // A holder that is no more holds nothing.
      let all = integrations.map(({ place, holder }, at) =>
        integration(at + 1, `${place}`, nodes.includes(holder) ? holder : undefined),
      )
      const act = (node: number) => {
        const { take, giveBack } = shareOf(node, nodes, all)
        all = all.map(one => {
          if (take.includes(one.id)) return { ...one, holder: node }
          return giveBack.includes(one.id) ? { ...one, holder: undefined } : one
        })
        return take.length + giveBack.length
      }
      for (const turn of turns) act(nodes[turn % count] as number)
      for (const _ of [1, 2]) for (const node of nodes) act(node)
      const most = Math.ceil(all.length / count)
      for (const node of nodes) assert.ok(all.filter(({ holder }) => holder === node).length <= most)
      assert.ok(all.every(({ holder }) => holder !== undefined))
      for (const node of nodes) assert.equal(act(node), 0)
    }),
  )
})
