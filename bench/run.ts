/** `npm run bench -- NAME [--json] [--smoke]`: one question measured. Exit status 0 whenever it ran, whatever holds. */
import { existsSync, readdirSync } from 'node:fs'
import { type Bench, reportOf, tableOf } from './lib/report.ts'

const [name = ''] = process.argv.slice(2).filter(argument => !argument.startsWith('--'))
const file = new URL(`./${name}.ts`, import.meta.url)
if (!/^[a-z]+$/.test(name) || name === 'run' || !existsSync(file)) {
  const names = readdirSync(new URL('.', import.meta.url)).flatMap(one => /^([a-z]+)\.ts$/.exec(one)?.[1] ?? [])
  process.stderr.write(`which benchmark? one of ${names.filter(one => one !== 'run').join(', ')}\n`)
  process.exit(1)
}
const { measure } = (await import(file.href)) as { measure: (smoke: boolean) => Promise<Bench> | Bench }
const report = reportOf(name, await measure(process.argv.includes('--smoke')))
process.stdout.write(`${process.argv.includes('--json') ? JSON.stringify(report) : tableOf(report)}\n`)
