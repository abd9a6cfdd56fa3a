/** Calls to addresses that an admin typed: where they may go, and what of the answer is taken. */
import assert from 'node:assert/strict'
import { createServer, type RequestListener } from 'node:http'
import { type AddressInfo, createServer as createSocketServer } from 'node:net'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { isPublic, readRanges } from '../src/address-range.ts'
import { readConfig } from '../src/config.ts'
import { OutboundError, outboundFetch, outboundSocket } from '../src/outbound.ts'

const loopback = readRanges('127.0.0.0/8') ?? assert.fail()
const none = readRanges('') ?? assert.fail()

async function listening(t: TestContext, answer: RequestListener): Promise<string> {
  const server = createServer(answer)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('only what anybody can reach is public', () => {
  const outside = ['8.8.8.8', '1.1.1.1', '172.15.0.1', '172.32.0.1', '2606:4700::1111', '2a00:1450::1']
  const inside = [
    ...['0.0.0.0', '10.1.2.3', '100.64.0.1', '127.0.0.1', '127.255.255.254', '169.254.169.254', '172.16.0.1'],
    ...['192.168.1.1', '192.0.0.170', '198.18.0.1', '224.0.0.1', '255.255.255.255'],
    ...['::', '::1', '::ffff:8.8.8.8', '::ffff:10.0.0.1', '64:ff9b::a00:1', 'fe80::1', 'fc00::1', 'fd00:ec2::254'],
    ...['2002:a00:1::1', '2001::1', '2001:db8::1', 'ff02::1', 'no address', ''],
  ]
  assert.deepEqual(outside.filter(isPublic), outside)
  assert.deepEqual(inside.filter(isPublic), [])
})

test('a private address is not called, however it is written', async t => {
  let calls = 0
  const url = await listening(t, (_, response) => {
    calls += 1
    response.end('secret')
  })
  const { port } = new URL(url)
  const call = outboundFetch({ allowed: none })
  const hosts = [
    '127.0.0.1',
    'localhost',
    '2130706433',
    '0x7f.1',
    '0177.0.0.1',
    '127.1',
    '[::1]',
    '[::ffff:7f00:1]',
    '0.0.0.0',
  ]
  for (const host of hosts) {
    for (const protocol of ['http', 'https']) {
      await assert.rejects(call(`${protocol}://${host}:${port}/`), /is not public/, host)
    }
  }
  for (const other of ['file:///etc/passwd', 'gopher://127.0.0.1/', 'data:text/plain,x', 'x']) {
    await assert.rejects(call(other), OutboundError)
  }
  assert.equal(calls, 0)
  assert.equal(await (await outboundFetch({ allowed: loopback })(url)).text(), 'secret')
})

test('plain http is spoken to no public address', async () => {
  const call = outboundFetch({ allowed: loopback })
  await assert.rejects(call('http://192.88.100.1/'), /plain http/)
})

test('a redirect is answered, not followed', async t => {
  const url = await listening(t, (request, response) => {
    if (request.url === '/') response.writeHead(302, { location: 'http://169.254.169.254/' }).end()
  })
  const answer = await outboundFetch({ allowed: loopback })(url)
  assert.deepEqual([answer.status, answer.headers.get('location')], [302, 'http://169.254.169.254/'])
})

test('an answer that is too large or too slow is given up', async t => {
  const url = await listening(t, (request, response) => {
    if (request.url === '/large') return void response.end(Buffer.alloc(100_000))
    if (request.url === '/drip') response.write('x')
  })
  await assert.rejects(outboundFetch({ allowed: loopback, maxBytes: 50_000 })(`${url}/large`), /larger than 50000/)
  for (const path of ['/silent', '/drip']) {
    await assert.rejects(outboundFetch({ allowed: loopback, timeoutMs: 200 })(url + path), /did not answer in time/)
  }
})

test('ranges that cannot be read are refused at start', () => {
  for (const text of ['10.0.0.0/33', 'x', '10.0.0.0/8/8', '10.0.0/8', '::/129', '10.0.0.0/-1', '10.0.0.0/1e1']) {
    assert.throws(() => readConfig({ HEADGATE_PRIVATE_ADDRESSES: text }), text)
  }
  assert.ok(readConfig({ HEADGATE_PRIVATE_ADDRESSES: ' 10.0.0.0/8, fd00::/8 ,192.0.2.1' }))
})

test('a connection lasts as long as it is used, whatever time connecting had', async t => {
  const server = createSocketServer(socket => socket.resume())
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  const { port } = server.address() as AddressInfo
  const config = { HEADGATE_PRIVATE_ADDRESSES: '127.0.0.0/8' }
  const socket = await outboundSocket({ host: '127.0.0.1', port, isPlain: true }, config, 50)
  t.after(() => socket.destroy())
  const ended = new Promise(resolve => socket.once('close', resolve))
  assert.equal(await Promise.race([ended, sleep(150, 'open')]), 'open')
})
