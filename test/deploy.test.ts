/**
 * What is given for real deployments, read by what will read it as far as that is here: nothing refers to what is not there, no
 * secret stands in a file, and every setting is one that Headgate has. The images themselves are not built here.
 */
import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import vm from 'node:vm'
import { parse } from 'yaml'
import { publishedManifest } from '../scripts/pack/packages.ts'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const read = (file: string) => readFileSync(path.join(root, file), 'utf8')

/** Every setting there is, from the page that is made of the code. */
const settings = new Set([...read('docs/config.md').matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name))
const isOurs = (name: string) => /^(HEADGATE|DATABASE)_/.test(name)

/** The version of Node that everything is tested with. */
const nodeVersion = (JSON.parse(read('package.json')) as { dependencies: { node: string } }).dependencies.node

/** The part of the Compose specification that is used here. */
interface Compose {
  readonly services: Readonly<Record<string, Service>>
  readonly networks: Readonly<Record<string, unknown>>
  readonly volumes: Readonly<Record<string, unknown>>
}

interface Service {
  readonly image: string
  readonly build?: { readonly context: string; readonly dockerfile: string }
  readonly command?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>
  readonly healthcheck?: { readonly test: readonly string[] }
  readonly volumes?: readonly string[]
  readonly networks: readonly string[]
  readonly restart: string
  readonly deploy: { readonly resources: { readonly limits: { readonly memory: string } } }
}

describe('compose.yaml', () => {
  const text = read('deploy/compose.yaml')
  const file = parse(text, { merge: true }) as Compose
  const services = Object.entries(file.services)
  const ours = services.filter(([, { build }]) => build !== undefined)

  test('each service says all that it must, and of an image its version', () => {
    const may = new Set(
      (
        'image build init restart read_only tmpfs cap_drop security_opt environment depends_on networks deploy ' +
        'volumes healthcheck command ports'
      ).split(' '),
    )
    for (const [name, service] of services) {
      assert.deepEqual(
        Object.keys(service).filter(key => !may.has(key)),
        [],
        name,
      )
      assert.match(service.image, /^[\w./-]+:\d+\.\d+(\.\d+)?(-[\w.]+)?$/)
      assert.match(service.deploy.resources.limits.memory, /^\d+[MG]$/)
      assert.ok(['no', 'unless-stopped'].includes(service.restart), name)
      for (const [setting, value] of Object.entries(service.environment ?? {})) {
        assert.equal(typeof value, 'string', `${name}: ${setting}`)
      }
    }
  })

  test('two servers start once the database is migrated, which happens once it is there', () => {
    assert.deepEqual(
      ours.map(([name, { command }]) => [name, command]),
      [
        ['migrate', ['migrate']],
        ['headgate-1', undefined],
        ['headgate-2', undefined],
      ],
    )
    for (const [name, { depends_on = {} }] of services) {
      for (const [other, { condition: is }] of Object.entries(depends_on)) {
        const needed = file.services[other]
        assert.ok(needed, `${name} waits for ${other}`)
        const isChecked = needed.healthcheck !== undefined || needed.build !== undefined
        assert.ok(['service_healthy', 'service_completed_successfully'].includes(is))
        if (is === 'service_healthy') assert.ok(isChecked, `${other} says when it is healthy`)
        if (is === 'service_completed_successfully') assert.equal(needed.restart, 'no', `${other} ends`)
      }
    }
    assert.equal(file.services['headgate-1']?.depends_on?.migrate?.condition, 'service_completed_successfully')
  })

  test('what it names is there: files, volumes, networks, settings, and what is to be filled in', () => {
    const beside = (file: string) => path.join(root, 'deploy', file)
    const example = new Set([...read('deploy/example.env').matchAll(/^(\w+)=/gm)].map(([, name]) => name))
    const asked = new Set([...text.matchAll(/\$\{(\w+):\?/g)].map(([, name]) => name))
    assert.deepEqual([...asked].sort(), [...example].sort())
    for (const [name, { build, volumes = [], networks, environment = {} }] of services) {
      if (build) assert.ok(existsSync(path.join(root, 'deploy', build.context, build.dockerfile)))
      for (const volume of volumes) {
        const [from = ''] = volume.split(':')
        assert.ok(from.startsWith('./') ? existsSync(beside(from)) : from in file.volumes, `${name}: ${volume}`)
      }
      for (const network of networks) assert.ok(network in file.networks)
      if (build === undefined) continue
      const unknown = Object.keys(environment).filter(setting => isOurs(setting) && !settings.has(setting))
      assert.deepEqual(unknown, [])
    }
  })

  test('no secret stands in it, and only who migrates knows the owner of the tables', () => {
    for (const [name, { environment = {} }] of services) {
      for (const [setting, value] of Object.entries(environment)) {
        if (/PASSWORD|KEY/.test(setting)) assert.match(value, /^\$\{\w+:\?[^}]+\}$/, `${name}: ${setting}`)
        if (/_URL$/.test(setting)) assert.match(value, /^postgres:\/\/\w+:\$\{\w+:\?[^}]+\}@db\/headgate$/)
      }
    }
    const knowing = services
      .filter(([, { environment = {} }]) => 'DATABASE_OWNER_URL' in environment)
      .map(([name]) => name)
    assert.deepEqual(knowing, ['migrate'])
    // The role that the servers use is the one that is made.
    assert.match(file.services['headgate-1']?.environment?.DATABASE_URL ?? '', /^postgres:\/\/headgate_server:/)
    assert.match(read('deploy/server-role.sh'), /create role headgate_server login/)
    assert.equal(spawnSync('sh', ['-n', path.join(root, 'deploy/server-role.sh')]).status, 0)
  })

  test('the proxy sends to both servers, and only to those that are ready', () => {
    const caddy = read('deploy/Caddyfile')
    assert.match(caddy, /reverse_proxy headgate-1:8080 headgate-2:8080 \{/)
    assert.match(caddy, /health_uri \/health\/ready/)
    assert.equal(caddy.split('{').length, caddy.split('}').length)
  })
})

describe('Dockerfile', () => {
  const instructions = read('deploy/Dockerfile')
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll(/\\\n\s*/g, ' ')
    .split('\n')
    .filter(line => line.trim() !== '')
    .map(line => {
      const [, name = '', rest = ''] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? assert.fail(`no instruction: ${line}`)
      return { name, rest }
    })
  const lastStage = instructions.slice(instructions.findLastIndex(({ name }) => name === 'FROM'))
  const all = (name: string, of = instructions) => of.filter(one => one.name === name).map(({ rest }) => rest)

  test('it begins with the Node that everything is tested with', () => {
    for (const from of all('FROM')) assert.match(from, new RegExp(`^node:${nodeVersion}-[\\w.-]+( AS \\w+)?$`))
  })

  test('it runs as nobody special, says whether it is ready, and starts what is published', () => {
    const known = new Set('FROM WORKDIR COPY RUN USER ENV EXPOSE HEALTHCHECK ENTRYPOINT CMD'.split(' '))
    assert.deepEqual(
      instructions.filter(({ name }) => !known.has(name)),
      [],
    )
    assert.deepEqual(all('USER', lastStage), ['node'])
    const order = lastStage.map(({ name }) => name)
    assert.ok(order.indexOf('USER') < order.indexOf('ENTRYPOINT'))
    const [entry = ''] = all('ENTRYPOINT')
    const { name, bin } = publishedManifest('cli')
    const file = path.posix.join('/opt/headgate/node_modules', name, bin?.headgate ?? '')
    assert.deepEqual(JSON.parse(entry), ['node', file])
    const [, , script = ''] = JSON.parse(/CMD (\[.*\])$/.exec(all('HEALTHCHECK')[0] ?? '')?.[1] ?? '[]')
    assert.match(script, /\/health\/ready/)
    new vm.Script(script)
  })

  test('what it sets are settings, and none is a secret', () => {
    const set = all('ENV').flatMap(rest => [...rest.matchAll(/(\w+)=/g)].map(([, name = '']) => name))
    assert.deepEqual(
      set.filter(name => isOurs(name) && !settings.has(name)),
      [],
    )
    assert.deepEqual(
      set.filter(name => /PASSWORD|KEY|SECRET|_URL$/.test(name)),
      [],
    )
  })

  test('what is secret or built elsewhere does not get into it', () => {
    const ignored = new Set(read('.dockerignore').trim().split('\n'))
    for (const name of ['**/node_modules', '**/dist', '.git', '.headgate', '**/.env'])
      assert.ok(ignored.has(name), name)
  })
})

describe('headgate.service', () => {
  const unit = path.join(root, 'deploy/headgate.service')
  const lines = read('deploy/headgate.service').split('\n')
  const directive = (name: string) =>
    lines.filter(line => line.startsWith(`${name}=`)).map(line => line.slice(name.length + 1))

  test('it starts what is published, as nobody, with settings that there are', () => {
    const [bin] = Object.keys(publishedManifest('cli').bin ?? {})
    assert.deepEqual(directive('ExecStart'), [`/opt/headgate/node_modules/.bin/${bin} up`])
    assert.deepEqual(directive('DynamicUser'), ['yes'])
    const set = directive('Environment').map(pair => pair.split('=')[0] ?? '')
    assert.deepEqual(
      set.filter(name => isOurs(name) && !settings.has(name)),
      [],
    )
    assert.deepEqual(directive('MemoryDenyWriteExecute'), [], 'V8 compiles at run time')
  })

  test('systemd finds nothing wrong with it', async t => {
    if (spawnSync('systemd-analyze', ['--version']).error) return t.skip('systemd is not on this machine')
    const { stderr } = await promisify(execFile)('systemd-analyze', ['verify', '--man=no', unit]).catch(error => error)
    const found = String(stderr)
      .split('\n')
      .filter(line => line.includes('headgate.service') && !line.includes('is not executable'))
    assert.deepEqual(found, [])
  })
})
