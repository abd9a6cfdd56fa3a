/** A plan for people: steps with what changes, then what it does to access. */
import { styleText } from 'node:util'
import type { Effect } from './code/effect.ts'
import type { Step } from './code/kind.ts'

export function printPlan(steps: readonly Step[], effect: Effect | null): void {
  if (steps.length === 0) return void process.stdout.write('Nothing to do: everything is as the files say.\n')
  for (const step of steps) process.stdout.write(`${inWords(step)}\n`)
  process.stdout.write(`\n${effect === null ? 'Access stays as it is.' : effectInWords(effect)}\n`)
}

const marks = { create: ['+', 'green'], change: ['~', 'yellow'], delete: ['-', 'red'] } as const

function inWords({ do: what, kind, key, wanted, current }: Step): string {
  const [mark, colour] = marks[what]
  const title = styleText(colour, `${mark} ${kind.one} ${key}`, { stream: process.stdout })
  if (wanted === undefined || current === undefined) return title
  const lines = differences(
    kind.comparable?.(current.content, wanted) ?? current.content,
    kind.comparable?.(wanted, current.content) ?? wanted,
  )
  return [title, ...lines.map(line => `    ${line}`)].join('\n')
}

function differences(before: unknown, after: unknown): string[] {
  const [was, is] = [before, after] as Readonly<Record<string, unknown>>[]
  const fields = new Set([...Object.keys(was ?? {}), ...Object.keys(is ?? {})])
  return [...fields].flatMap(field => {
    const [from, to] = [JSON.stringify(was?.[field]), JSON.stringify(is?.[field])]
    return from === to ? [] : [`${field}: ${from ?? 'nothing'} → ${to ?? 'nothing'}`]
  })
}

function effectInWords({ gained, lost, raised, lowered, people, integrations, untold }: Effect): string {
  const moved = [
    [gained, 'gained'],
    [lost, 'lost'],
    [raised, 'raised to WRITE'],
    [lowered, 'lowered to READ'],
  ] as const
  const said = moved.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`)
  const lines =
    said.length === 0
      ? ['Access stays as it is.']
      : [
          `Access: ${said.join(', ')} (person × data source), for ${people} ${people === 1 ? 'person' : 'people'}.`,
          ...integrations.map(
            ({ name, create, revoke, usedAfter, of }) =>
              `${name}: ${create} grants to create, ${revoke} to revoke; ${usedAfter} of ${of} in use then.`,
          ),
        ]
  return [...lines, ...untold.map(one => `Not counted, since it or what it names is made by this plan: ${one}.`)].join(
    '\n',
  )
}
