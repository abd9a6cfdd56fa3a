/** The columns of reports as people read them. Those of ids are not shown: they are where the names beside them lead. */
export const hiddenColumns: ReadonlySet<string> = new Set(['userId', 'dataSourceId', 'policyId', 'integrationId'])

const columnWords: Readonly<Record<string, string>> = {
  user: 'User name',
  dataSource: 'Data source',
  dataSources: 'Data sources',
  until: 'Until',
  status: 'In AWS',
  medianHours: 'Hours waited',
  ours: "Of these Headgate's",
  percent: 'Percent used',
  perDay: 'More a day',
  runsOutAt: 'Full on',
  at: 'When',
  orphans: 'Orphaned',
  foreign: "Others' own",
  unjudged: 'Not judged',
  kind: 'What it is',
  last: 'Last decision',
  why: 'Why',
}

export function columnWord(name: string): string {
  return columnWords[name] ?? name.charAt(0).toUpperCase() + name.slice(1)
}
