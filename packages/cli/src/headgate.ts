#!/usr/bin/env node
/**
 * Where the published `headgate` begins: an old Node gets a sentence instead of a riddle, and what was compiled once is
 * kept for the next start.
 */
import * as nodeModule from 'node:module'

const least = 24

if (Number(process.versions.node.split('.')[0]) < least) {
  process.stderr.write(`headgate needs Node.js ${least} or newer, and this is ${process.versions.node}\n`)
  process.exitCode = 1
} else {
  nodeModule.enableCompileCache()
  await import('./main.ts')
}
