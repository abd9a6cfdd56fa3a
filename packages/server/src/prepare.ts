/** Makes a database ready without starting a server on it: what only its owner may do. */
import type { Config } from './config.ts'
import { prepareDatabase } from './db/prepare.ts'

/** @param warn told in words, where one role owns and works */
export async function prepare(config: Config, warn: (line: string) => void): Promise<void> {
  await prepareDatabase(config, undefined, { warn: (line: unknown) => warn(String(line)) })
}
