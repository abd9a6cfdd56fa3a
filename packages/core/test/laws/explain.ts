import assert from 'node:assert/strict'
import {
  type Access,
  type DataSourceId,
  type Explained,
  type Explanation,
  entitlementIndex,
  explain,
  explainPath,
  type Page,
  type UserId,
  whatIsReached,
  whoReaches,
} from '../../src/index.ts'
import { keyPoints, levelAt } from '../brute-force.ts'
import { changesFor } from '../fixes.ts'
import { now, randomOf, scopeOf } from '../worlds.ts'
import type { Law } from './law.ts'
import { assertSame } from './same.ts'

export const explainLaws: readonly Law[] = [
  {
    name: 'an explanation says what is so, and its rules add up to it',
    check: given => {
      const { facts } = given
      const [index, counted] = [given.index(), given.counted()]
      for (const { id: user, disabled } of facts.users) {
        for (const { id: dataSource, disabled: isOff } of facts.dataSources) {
          const said = explain(index, { user, dataSource })
          const where = `user ${user}, data source ${dataSource}`
          assert.equal(said.entitled, counted.get(`${user} ${dataSource}`)?.level, where)
          if (!disabled && !isOff) assert.equal(levelOf(said), said.entitled, where)
          for (const { holds, tree, subscribed = true } of [...said.grants, ...said.guardrails]) {
            assert.equal((tree ? truthOf(tree) : true) && subscribed, holds, where)
          }
        }
      }
    },
  },
  everyFixDoes(),
  {
    name: 'who and what, page by page, are the whole of what is derived, overlaps included',
    check: ({ facts, index, access }) => {
      const bySource = Map.groupBy(access(), ({ dataSource }) => dataSource)
      for (const { id } of facts.dataSources) {
        const rows = allPages<Access, UserId>(after => whoReaches(index(), id, pageOf<UserId>(after, 2)))
        assertSame(rows, bySource.get(id) ?? [], () => `data source ${id}`)
      }
      const byUser = Map.groupBy(access(), ({ user }) => user)
      for (const { id } of facts.users) {
        const rows = allPages<Access, DataSourceId>(after => whatIsReached(index(), id, pageOf<DataSourceId>(after, 3)))
        assertSame(rows, byUser.get(id) ?? [], () => `user ${id}`)
      }
    },
  },
  everyPathIsExplained(),
]

function everyFixDoes(): Law {
  let named = 0
  return {
    name: 'every fix that is named does alone',
    check: ({ facts, seed }) => {
      const index = entitlementIndex(facts, now)
      const random = randomOf(seed)
      const [user, dataSource] = [random.pick(facts.users).id, random.pick(facts.dataSources).id]
      for (const fix of explain(index, { user, dataSource }).fixes) {
        named++
        const changes = changesFor(fix, facts, user, dataSource)
        const undo = changes.map(change => {
          const inverse = index.inverseOf(change)
          index.applyChange(change)
          return inverse
        })
        assert.equal(explain(index, { user, dataSource }).entitled, fix.gives, JSON.stringify(fix))
        for (const change of undo.reverse()) index.applyChange(change)
      }
    },
    after: worlds => assert.ok(worlds < 20 || named > worlds / 2, `${named} fixes`),
  }
}

function everyPathIsExplained(): Law {
  const seen = new Map<string, number>()
  return {
    name: 'a path is granted where the grants open it, and otherwise denied for what the facts lack',
    share: 5,
    check: given => {
      const { facts } = given
      const [index, entitlements] = [given.index(), given.entitlements()]
      const grants = given
        .desired()
        .flatMap(one => one.grants)
        .map(({ user, grantee, ...rest }) => ({ ...rest, user, grantee: grantee.identifier }))
      for (const point of keyPoints(facts.dataSources.map(({ scope }) => scope))) {
        if (point.endsWith('/')) continue
        const path = scopeOf(point)
        for (const { id: user } of facts.users) {
          const held = grants.filter(one => one.user === user)
          const where = `user ${user}, ${point}`
          const said = explainPath(index, { user, path }, held)
          assert.equal(said.writing ? 2 : said.reading ? 1 : 0, levelAt(held, point), where)
          assert.equal(said.layer === 'granted', said.reading !== undefined, where)
          const { layer } = explainPath(index, { user, path }, [])
          // What ought to be granted is all that is missing.
          assert.equal(layer === 'notYetProvisioned', said.layer === 'granted', where)
          const isEntitled = entitlements.some(one => one.user === user && said.dataSources.includes(one.dataSource))
          assert.equal(layer === 'notYetProvisioned' || layer === 'unmapped', isEntitled, where)
          seen.set(layer, (seen.get(layer) ?? 0) + 1)
        }
      }
    },
    after: worlds => {
      if (worlds < 20) return
      for (const layer of ['noDataSource', 'noGrant', 'unmapped', 'notYetProvisioned'])
        assert.ok(seen.has(layer), layer)
    },
  }
}

function pageOf<Id>(after: Id | undefined, limit: number): Page<Id> {
  return after === undefined ? { limit } : { after, limit }
}

function allPages<Row, After>(
  pageAfter: (after: After | undefined) => { rows: readonly Row[]; total: number; next?: After },
): Row[] {
  const rows: Row[] = []
  let page = pageAfter(undefined)
  for (; ; page = pageAfter(page.next)) {
    rows.push(...page.rows)
    if (page.next === undefined) break
  }
  assert.equal(rows.length, page.total)
  return rows
}

/** The formulas of 04 over the rules as explained. */
function levelOf({ grants, guardrails, members }: Explanation) {
  const letIn = [...grants, ...members].filter(({ holds }) => holds)
  const meets = (level: string) => guardrails.every(one => one.level !== level || one.holds)
  if (letIn.length === 0 || !meets('READ')) return undefined
  return meets('WRITE') && letIn.some(({ level }) => level === 'WRITE') ? 'WRITE' : 'READ'
}

function truthOf(tree: Explained): boolean {
  const holds =
    tree.kind === 'call'
      ? tree.holds
      : tree.kind === 'not'
        ? !truthOf(tree.term)
        : tree.kind === 'and'
          ? tree.terms.every(truthOf)
          : tree.terms.some(truthOf)
  assert.equal(tree.holds, holds)
  if (tree.kind === 'call' && tree.name === 'hasAttribute') assert.equal(tree.facts.length > 0, tree.holds)
  return holds
}
