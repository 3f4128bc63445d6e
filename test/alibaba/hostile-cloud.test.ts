import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { after, test } from 'node:test'
import { getAuthorizationToken, listInstances } from '../../src/alibaba/cr.ts'
import { createCloudClock } from '../../src/alibaba/transport/cloud-clock.ts'
import type { CloudTarget } from '../../src/alibaba/transport/cloud-transport.ts'
import { type CloudTransport, createCloudTransport } from '../../src/alibaba/transport/cloud-transport.ts'
import { createHttpSender } from '../../src/alibaba/transport/http-sender.ts'
import { NopassError } from '../../src/errors.ts'
import { fakeTime, START } from './fake-time.ts'
import { json, KEY, scripted } from './scripted-transport.ts'

const servers: Server[] = []
const sockets = new Set<Socket>()
after(() => {
  for (const socket of sockets) socket.destroy()
  for (const server of servers) server.close()
})

/** Starts a server that calls `respond` for each connection once a request has arrived. */
async function serve(respond: (socket: Socket) => void): Promise<URL> {
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.once('data', () => respond(socket))
  })
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return new URL(`http://127.0.0.1:${(server.address() as { port: number }).port}`)
}

function realTransport(timeout: number): CloudTransport {
  return createCloudTransport({
    send: createHttpSender(),
    clock: createCloudClock(fakeTime()),
    random: () => 0,
    nonce: () => 'n',
    sleep: async () => undefined,
    userAgent: 'acr-nopass/test',
    timeout,
    attempts: 1,
  })
}

async function call(endpoint: URL, timeout = 5000): Promise<NopassError> {
  const error = await getAuthorizationToken(
    { transport: realTransport(timeout), endpoint, credentials: KEY },
    { instanceId: 'cri-1' },
  ).catch((caught: unknown) => caught)
  assert.ok(error instanceof NopassError, String(error))
  return error
}

const head = (length: number | 'chunked'): string =>
  `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n${length === 'chunked' ? 'transfer-encoding: chunked' : `content-length: ${length}`}\r\n\r\n`

/** Writes as fast as the reader accepts, until the reader disconnects. Counts what was written. */
function pour(socket: Socket, piece: string, counted: (bytes: number) => void): void {
  const write = (): void => {
    while (!socket.destroyed) {
      counted(piece.length)
      if (!socket.write(piece)) return void socket.once('drain', write)
    }
  }
  write()
}

test('hostile cloud: an endless body is cut off soon after 8 MiB', async () => {
  const piece = `10000\r\n${'x'.repeat(0x10000)}\r\n`
  let written = 0
  const endpoint = await serve((socket) => {
    socket.write(head('chunked'))
    pour(socket, piece, (bytes) => {
      written += bytes
    })
  })
  assert.equal((await call(endpoint, 60_000)).code, 'CLOUD_UNREACHABLE')
  assert.ok(written < 64 * 1024 * 1024, `${written} bytes were read`)
})

test('hostile cloud: a body that trickles in ends with the timeout of the call, not with the last byte', async () => {
  const endpoint = await serve((socket) => {
    socket.write(head(1_000_000))
    const timer = setInterval(() => socket.write('x'), 10)
    socket.on('close', () => clearInterval(timer))
  })
  const error = await call(endpoint, 300)
  assert.deepEqual([error.code, error.reason], ['CLOUD_UNREACHABLE', 'timeout'])
})

const raw: readonly [title: string, bytes: string, code: string][] = [
  ['endless headers', `HTTP/1.1 200 OK\r\n${`x-filler: ${'y'.repeat(1000)}\r\n`.repeat(1000)}`, 'CLOUD_UNREACHABLE'],
  ['bytes that are not HTTP', '\u0000\u0001\u0002'.repeat(100), 'CLOUD_UNREACHABLE'],
  ['a body shorter than its length', `${head(100)}{"a":1}`, 'CLOUD_UNREACHABLE'],
  ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}x', 'CLOUD_UNREACHABLE'],
  [
    'a redirect',
    'HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n',
    'CLOUD_UNAVAILABLE',
  ],
  ['a redirect with JSON', 'HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: 2\r\n\r\n{}', 'CLOUD_UNAVAILABLE'],
  ['an empty success', head(0), 'CLOUD_UNAVAILABLE'],
  ['a hundred thousand brackets', `${head(100_000)}${'['.repeat(100_000)}`, 'CLOUD_UNAVAILABLE'],
]
for (const [title, bytes, code] of raw) {
  test(`hostile cloud: ${title} is ${code}`, async () => {
    const endpoint = await serve((socket) => socket.end(bytes))
    assert.equal((await call(endpoint)).code, code)
  })
}

const good = { TempUsername: 'cr_temp_user', AuthorizationToken: 'token', ExpireTime: START + 3_600_000 }
const bad: readonly [title: string, change: object][] = [
  ['an expiry that Date cannot represent', { ExpireTime: 1e300 }],
  ['an expiry in the year 30000', { ExpireTime: Date.UTC(30_000) }],
  ['a user name with a colon', { TempUsername: 'a:b' }],
  ['a user name with a line break', { TempUsername: 'a\nb' }],
  ['a password with a control character', { AuthorizationToken: 'a\u0000b' }],
  ['a password of a megabyte', { AuthorizationToken: 'x'.repeat(1 << 20) }],
  ['a user name of a kilobyte', { TempUsername: 'x'.repeat(1024) }],
]
for (const [title, change] of bad) {
  test(`hostile cloud: a token with ${title} is rejected`, async () => {
    const { transport } = scripted([json(200, { ...good, ...change })])
    const target: CloudTarget = { transport, endpoint: new URL('https://cr.example'), credentials: KEY }
    await assert.rejects(getAuthorizationToken(target, { instanceId: 'cri-1' }), { code: 'CLOUD_UNAVAILABLE' })
  })
}

test('hostile cloud: a page that exceeds the page size is an error, whatever the total', async () => {
  const Instances = Array.from({ length: 101 }, () => ({ InstanceId: 'cri-1' }))
  const { transport, sent } = scripted([json(200, { Instances, TotalCount: 1e9 })])
  const target: CloudTarget = { transport, endpoint: new URL('https://cr.example'), credentials: KEY }
  await assert.rejects(listInstances(target), { code: 'CLOUD_UNAVAILABLE' })
  assert.equal(sent.length, 1)
})

test('hostile cloud: an impossible date is not used as the time', async () => {
  for (const date of ['Sat, 13 Sep 275760 00:00:00 GMT', '+275760-09-13T00:00:00Z', 'Thu, 01 Jan 1970 00:00:00 GMT']) {
    const { transport } = scripted([json(200, good, { date }), json(200, good)])
    const target: CloudTarget = { transport, endpoint: new URL('https://cr.example'), credentials: KEY }
    await getAuthorizationToken(target, { instanceId: 'cri-1' })
    assert.equal(transport.clock.skew(), 0, date)
    await getAuthorizationToken(target, { instanceId: 'cri-1' })
  }
})
