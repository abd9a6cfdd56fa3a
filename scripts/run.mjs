/**
 * Every npm verb goes through here: installs what is missing, then runs a TypeScript file with the project's own Node.
 *
 * `node scripts/run.mjs FILE [arguments …]`. Runs on any Node from 18 on and uses nothing but Node itself, since nothing
 * may be installed yet. The Node that runs FILE comes from npm (the `node` package), whatever the machine has.
 */
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const node = path.join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node')

installWhatIsMissing()
runWithOurNode(process.argv.slice(2))

function installWhatIsMissing() {
  const lock = createHash('sha256')
    .update(readFileSync(path.join(root, 'package-lock.json')))
    .digest('hex')
  const marker = path.join(root, 'node_modules', '.headgate-installed')
  if (existsSync(node) && existsSync(marker) && readFileSync(marker, 'utf8') === lock) return
  process.stderr.write('Installing the packages of package-lock.json, once …\n')
  // Not `npm ci`: it refuses a lock that does not list the optional binaries of every platform there is, and such a
  // lock cannot be written where a registry offers only some of them. Versions are those of the lock all the same.
  const npm = process.env.npm_execpath
  const [command, ...first] = npm?.endsWith('.js') ? [process.execPath, npm] : ['npm']
  // Standard output belongs to FILE (a benchmark prints JSON there), so npm's goes to standard error.
  const options = ['--no-save', '--no-audit', '--no-fund', '--loglevel=error']
  const result = spawnSync(command, [...first, 'install', ...options], { cwd: root, stdio: ['ignore', 2, 2] })
  if (result.status !== 0) {
    process.stderr.write('npm install failed: see above; the npm registry must be reachable\n')
    process.exit(1)
  }
  writeFileSync(marker, lock)
}

function runWithOurNode(argv) {
  const bin = path.join(root, 'node_modules', '.bin')
  const child = spawn(node, argv, {
    // By the channel the child learns that we were killed: a server started here does not outlive its terminal.
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: {
      // Half of what a start costs is compiling what has not changed: a server, a command and each file of tests.
      NODE_COMPILE_CACHE: path.join(root, 'node_modules', '.cache', 'headgate-node'),
      ...process.env,
      PATH: `${path.dirname(node)}${path.delimiter}${bin}${path.delimiter}${process.env.PATH ?? ''}`,
    },
  })
  // The terminal sends Ctrl-C to the child as well; we only wait for it to leave in order.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      if (signal !== 'SIGINT') child.kill(signal)
    })
  }
  child.on('exit', (code, signal) => {
    process.exit(signal === null ? (code ?? 1) : 128 + (constants.signals[signal] ?? 0))
  })
}
