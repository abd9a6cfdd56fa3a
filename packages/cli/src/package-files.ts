/** What is no code and comes along: in the folder of the package once published, around it in a checkout. */
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'

const folder = path.dirname(import.meta.dirname)

export function version(): string {
  const { version } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as { version: string }
  return version
}

/** Folder of the example worlds. */
export function examplesFolder(): string {
  return firstThere('examples', '../../examples') ?? path.join(folder, 'examples')
}

/** The built web app; undefined in a checkout that has not built it. */
export function webAppFolder(): string | undefined {
  return firstThere('web', '../web/dist')
}

function firstThere(...places: readonly string[]): string | undefined {
  return places.map(place => path.join(folder, place)).find(place => existsSync(place))
}
