/** Every report by name; and how one is asked: a page of it, or all of it as rows of text. */
import { Problem, type ReportName, type ReportParameters, reportDefinitions } from '@headgate/core/api'
import type { Caller } from '../http/serve.ts'
import type { World } from '../world.ts'
import { accessOfPerson, accessToDataSource } from './access.ts'
import { decisionsBySteward, peopleOverTime, unmappedPeople } from './people.ts'
import { driftHistory, expiringSoon, grantsAgainstQuota } from './places.ts'
import { dataSourcesWithoutPolicy, policiesLettingNobodyIn } from './policies.ts'
import type { Question, Report, Rows } from './report.ts'

const reports: { readonly [Name in ReportName]: Report<Name> } = {
  'access-to-data-source': accessToDataSource,
  'access-of-person': accessOfPerson,
  'people-over-time': peopleOverTime,
  'data-sources-without-policy': dataSourcesWithoutPolicy,
  'policies-letting-nobody-in': policiesLettingNobodyIn,
  'unmapped-people': unmappedPeople,
  'expiring-soon': expiringSoon,
  'decisions-by-steward': decisionsBySteward,
  'grants-against-quota': grantsAgainstQuota,
  'drift-history': driftHistory,
}

type Reads = Pick<World, 'db' | 'index'>

/** Throws Problem `request-invalid` where the report lacks what it is about, or is asked what it knows nothing of. */
export async function readReport<Name extends ReportName>(
  world: Reads,
  name: Name,
  question: Question,
): Promise<Rows<Name>> {
  const { parameters } = reportDefinitions[name]
  refuseUnfit(name, parameters, question.asked)
  const report: Report<Name> = reports[name]
  return report(world, question)
}

/** Rows at once; a report is read in as many pages as it takes, each as of its own moment. */
const pageSize = 1000

/** The cells in the order of the columns. The first page is there when this is: what is refused is refused before. */
export async function readWhole(
  world: Reads,
  name: ReportName,
  asked: ReportParameters,
  caller: Caller,
): Promise<AsyncGenerator<string[][]>> {
  const columns = Object.keys(reportDefinitions[name].columns)
  const pageAfter = (cursor?: string) => readReport(world, name, { asked, caller, limit: pageSize, cursor })
  let page: Rows<ReportName> = await pageAfter()
  return (async function* () {
    for (;;) {
      yield page.rows.map(row => columns.map(column => String((row as Record<string, unknown>)[column] ?? '')))
      if (page.next === undefined) return
      page = await pageAfter(page.next)
    }
  })()
}

function refuseUnfit(name: ReportName, parameters: readonly string[], asked: ReportParameters): void {
  const given = Object.entries(asked).flatMap(([one, value]) => (value === undefined ? [] : [one]))
  const known = new Set(parameters.map(one => one.replace('?', '')))
  const foreign = given.find(one => !known.has(one))
  const missing = parameters.find(one => !one.endsWith('?') && !given.includes(one))
  if (foreign === undefined && missing === undefined) return
  const path = `query.${foreign ?? missing}`
  const message =
    foreign === undefined
      ? `is what the report ${name} is about: name one`
      : `is nothing that the report ${name} can be asked about`
  throw new Problem('request-invalid', { reason: `\`${path}\` ${message}`, issues: [{ path, message }] })
}
