/** `headgate policy lint` and `headgate policy test`: files and the pure core, no server. */
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { deriveEntitlements, isOpenByAbsence, parseExpression, truthOf } from '@headgate/core'
import { parse } from 'yaml'
import { z } from 'zod'
import type { DataSourceFile } from './code/kinds/data-sources.ts'
import { dataSources } from './code/kinds/data-sources.ts'
import { type DomainFile, domains } from './code/kinds/domains.ts'
import { type PolicyFile, policies } from './code/kinds/policies.ts'
import { offlineFacts, type Written } from './code/offline-facts.ts'
import { readFolder } from './code/read-folder.ts'
import { exits } from './exits.ts'
import { printJson } from './print.ts'
import { Refused } from './refused.ts'

/** Everything wrong or odd in the policies of a folder or file; exits with `found` when something is wrong. */
export async function lintCommand(where: string, flags: { readonly json?: true }): Promise<void> {
  const { policies } = await writtenIn(where)
  const found = policies.flatMap(policy => findingsIn(policy).map(finding => ({ policy: policy.name, ...finding })))
  if (flags.json) printJson(found)
  else for (const one of found) process.stdout.write(`${one.policy}: ${one.severity}: ${placeOf(one)}${one.message}\n`)
  if (!flags.json && found.length === 0) process.stdout.write(`${policies.length} policies, nothing to say\n`)
  if (found.some(({ severity }) => severity === 'error')) process.exitCode = exits.found
}

interface Finding {
  readonly severity: 'error' | 'warning'
  readonly message: string
  readonly line?: number
  readonly column?: number
}

function findingsIn({ kind, who }: PolicyFile): Finding[] {
  if (!('when' in who)) return []
  const parsed = parseExpression(who.when)
  if (!parsed.ok)
    return parsed.errors.map(({ message, line, column }) => ({ severity: 'error', message, line, column }))
  const warning = (message: string): Finding => ({ severity: 'warning', message })
  const truth = truthOf(parsed.expression)
  return [
    ...(truth === 'never' ? [warning('holds for nobody')] : []),
    ...(truth === 'always' ? [warning('holds for everybody: say `everyone: true` when that is meant')] : []),
    ...(kind === 'grant' && truth !== 'always' && isOpenByAbsence(parsed.expression)
      ? [warning('lets in whoever nothing is known of')]
      : []),
  ]
}

function placeOf({ line, column }: Finding): string {
  return line === undefined ? '' : `${line}:${column}: `
}

const values = z.record(z.string(), z.array(z.string())).default({})
const testFile = z.strictObject({
  given: z.strictObject({
    integrations: z.record(z.string(), z.string()).default({}),
    groups: z.record(z.string(), z.strictObject({ attributes: values })).default({}),
    people: z.record(
      z.string(),
      z.strictObject({
        groups: z.array(z.string()).default([]),
        attributes: values,
        principal: z.enum(['iamUser', 'iamRole', 'identityCenterUser']).optional(),
      }),
    ),
  }),
  tests: z
    .array(
      z.strictObject({
        name: z.string(),
        /** Person → data source → what they may do there. */
        expect: z.record(z.string(), z.record(z.string(), z.enum(['READ', 'WRITE', 'none']))),
      }),
    )
    .min(1),
})

/** Every `*.test.yaml` of a folder against the policies of that folder; exits with `found` when one fails. */
export async function testCommand(folder: string, flags: { readonly json?: true }): Promise<void> {
  const written = await writtenIn(folder)
  const files = (await readdir(folder, { recursive: true })).filter(file => /\.test\.ya?ml$/.test(file)).toSorted()
  if (files.length === 0) throw new Refused(`there is no *.test.yaml in ${folder}`, 'see docs/configuration-as-code.md')
  const results = []
  for (const file of files) results.push(...(await resultsOf(path.join(folder, file), written)))
  const failed = results.filter(({ faults }) => faults.length > 0)
  if (flags.json) printJson(results)
  else {
    for (const { file, name, faults } of failed)
      process.stdout.write(`✖ ${file}: ${name}\n${faults.map(fault => `    ${fault}\n`).join('')}`)
    process.stdout.write(`${results.length - failed.length} passed, ${failed.length} failed\n`)
  }
  if (failed.length > 0) process.exitCode = exits.found
}

async function resultsOf(file: string, written: Written) {
  const read = testFile.safeParse(parse(await readFile(file, 'utf8')))
  if (!read.success)
    throw new Refused(
      read.error.issues.map(({ path: at, message }) => `${file}: \`${at.join('.')}\` ${message}`).join('\n'),
    )
  const { given, tests } = read.data
  const facts = offlineFacts(written, given)
  const names = {
    users: new Map(facts.users.map(({ userid, id }) => [userid, id])),
    sources: new Map(facts.dataSources.map(({ name, id }) => [name, id])),
  }
  const levels = new Map(
    deriveEntitlements(facts, 0).map(({ user, dataSource, level }) => [`${user} ${dataSource}`, level]),
  )
  return tests.map(({ name, expect }) => ({
    ...{ file, name },
    faults: Object.entries(expect).flatMap(([person, wanted]) =>
      Object.entries(wanted).flatMap(([source, level]) => {
        const [user, dataSource] = [names.users.get(person), names.sources.get(source)]
        if (user === undefined) return [`there is no ${person} among the people given`]
        if (dataSource === undefined) return [`there is no data source ${source}`]
        const is = levels.get(`${user} ${dataSource}`) ?? 'none'
        return is === level ? [] : [`${person} on ${source}: ${is}, expected ${level}`]
      }),
    ),
  }))
}

async function writtenIn(where: string): Promise<Written> {
  const wanted = await readFolder(where)
  const listOf = (kind: unknown) => [...(wanted.get(kind as never)?.values() ?? [])]
  return {
    dataSources: listOf(dataSources) as DataSourceFile[],
    domains: listOf(domains) as DomainFile[],
    policies: listOf(policies) as PolicyFile[],
  }
}
