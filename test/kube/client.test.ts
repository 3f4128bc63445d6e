import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import events from 'node:events'
import { createServer, type RequestListener, request } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { type CallReport, createKubeClient, type KubeClient, resourceOf } from '../../src/kube/client.ts'
import { createAgents } from '../../src/kube/http/agents.ts'

async function withServer(
  listener: RequestListener,
  work: (client: KubeClient, calls: CallReport[], server: string) => Promise<void>,
): Promise<void> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const calls: CallReport[] = []
  const client = createKubeClient(
    { server: address, token: () => 'the-token' },
    { onCall: (report) => calls.push(report) },
  )
  try {
    await work(client, calls, address)
  } finally {
    client.close()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
}

test('a call sends the token, the query and the body, and returns the response', async () => {
  const requests: unknown[] = []
  await withServer(
    (request, response) => {
      let body = ''
      request.on('data', (chunk) => {
        body += chunk
      })
      request.on('end', () => {
        const { authorization, accept } = request.headers
        requests.push([request.method, request.url, authorization, accept, request.headers['content-type'], body])
        response.end('{"kind":"Secret"}')
      })
    },
    async (client, calls) => {
      const call = {
        method: 'PATCH',
        path: '/api/v1/namespaces/shop/secrets/a',
        query: { force: true, other: undefined },
      } as const
      assert.deepEqual(await client.request({ ...call, body: { a: 1 }, contentType: 'application/merge-patch+json' }), {
        kind: 'Secret',
      })
      assert.deepEqual(requests, [
        [
          'PATCH',
          '/api/v1/namespaces/shop/secrets/a?force=true',
          'Bearer the-token',
          'application/json',
          'application/merge-patch+json',
          '{"a":1}',
        ],
      ])
      assert.deepEqual(
        calls.map(({ verb, resource, status }) => ({ verb, resource, status })),
        [{ verb: 'PATCH', resource: 'secrets', status: 200 }],
      )
    },
  )
})

test("a Pod's log is returned as text, also if it is empty, and a refusal is still an error", async () => {
  await withServer(
    (request, response) => {
      response.statusCode = request.url === '/refused' ? 403 : 200
      response.end(request.url === '/log' ? 'first\n{"second":2}\n' : '')
    },
    async (client) => {
      const read = (path: string) => client.request({ method: 'GET', path, isText: true })
      assert.equal(await read('/log'), 'first\n{"second":2}\n')
      assert.equal(await read('/empty'), '')
      await assert.rejects(read('/refused'), { code: 'KUBE_FORBIDDEN' })
    },
  )
})

test('a call sends the length of its body, also of an absent body', async () => {
  const requests: unknown[] = []
  await withServer(
    (request, response) => {
      const { 'content-length': length, 'transfer-encoding': encoding, connection, host } = request.headers
      requests.push([request.method, length, encoding, connection, host === `127.0.0.1:${request.socket.localPort}`])
      response.end('{}')
    },
    async (client) => {
      for (const method of ['GET', 'DELETE', 'POST', 'PUT'] as const) await client.request({ method, path: '/x' })
      for (const method of ['GET', 'POST'] as const) await client.request({ method, path: '/x', body: 'ä' })
      assert.deepEqual(requests, [
        ['GET', undefined, undefined, 'keep-alive', true],
        ['DELETE', '0', undefined, 'keep-alive', true],
        ['POST', '0', undefined, 'keep-alive', true],
        ['PUT', '0', undefined, 'keep-alive', true],
        ['GET', '2', undefined, 'keep-alive', true],
        ['POST', '2', undefined, 'keep-alive', true],
      ])
    },
  )
})

test('an abort and a close also end a call that still waits for its token, which is never sent', async () => {
  const arrived: (string | undefined)[] = []
  await withServer(
    (request, response) => {
      arrived.push(request.url)
      response.end('{}')
    },
    async (_client, _calls, server) => {
      let give = (_token: string): void => {}
      const token = (): Promise<string> => new Promise((resolve) => (give = resolve))
      const client = createKubeClient({ server, token })
      const stop = new AbortController()
      const aborted = client.request({ method: 'GET', path: '/aborted' }, stop.signal)
      stop.abort(new Error('enough'))
      await assert.rejects(aborted, { message: 'enough' })
      give('late')
      const closed = client.request({ method: 'GET', path: '/closed' })
      client.close()
      await assert.rejects(closed, { code: 'KUBE_UNREACHABLE' })
      give('late')
      const other = createKubeClient({ server, token: async () => 'now' })
      assert.deepEqual(await other.request({ method: 'GET', path: '/other' }), {})
      other.close()
      assert.deepEqual(arrived, ['/other'])
    },
  )
})

test('one abort ends all calls of its signal and no other, and a later call with the same signal is not sent', async () => {
  const arrived: (string | undefined)[] = []
  let hold = (): void => {}
  await withServer(
    (request, response) => {
      arrived.push(request.url)
      if (request.url === '/other') hold = () => response.end('{}')
    },
    async (client) => {
      const stop = new AbortController()
      const get = (path: string, signal?: AbortSignal) => client.request({ method: 'GET', path }, signal)
      const aborted = ['/a', '/b'].map((path) => get(path, stop.signal))
      const other = get('/other')
      while (arrived.length < 3) await new Promise((resolve) => setImmediate(resolve))
      stop.abort(new Error('enough'))
      for (const call of aborted) await assert.rejects(call, { message: 'enough' })
      await assert.rejects(get('/late', stop.signal), { message: 'enough' })
      assert.equal(events.getEventListeners(stop.signal, 'abort').length, 0)
      hold()
      assert.deepEqual(await other, {})
      assert.deepEqual(arrived.toSorted(), ['/a', '/b', '/other'])
    },
  )
})

test('an error in one caller does not keep the other calls of its signal from ending', async () => {
  const transport = new URL('../../src/kube/http/transport.ts', import.meta.url).href
  // Runs in a separate process because the error is not caught.
  const script = `
    import { createServer } from 'node:http'
    import { createKubeTransport } from '${transport}'
    process.on('uncaughtException', ({ message }) => console.log('not caught:', message))
    const server = createServer(() => {}).listen(0, '127.0.0.1', () => {
      const { send } = createKubeTransport({ server: 'http://127.0.0.1:' + server.address().port })
      const stop = new AbortController()
      const call = { method: 'GET', path: '/', accept: '*/*', timeoutMs: 60000, lane: 'call' }
      send(call, { fail() { throw new Error('first') } }, stop.signal)
      send(call, { fail: ({ message }) => console.log('ended:', message) }, stop.signal)
      stop.abort(new Error('enough'))
      setImmediate(() => process.exit())
    })`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script])
  assert.deepEqual(stdout.trim().split('\n').toSorted(), ['ended: enough', 'not caught: first'])
})

/** This field's name is as long as a credential, but is not secret. */
const FIELD = 'podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0]'

test('an error response has status, reason, the requested wait, and nothing like a credential', async () => {
  const secret = Buffer.from('a password that nobody may read').toString('base64')
  await withServer(
    (_request, response) => {
      response.writeHead(429, { 'retry-after': '7' })
      response.end(
        JSON.stringify({ kind: 'Status', reason: 'TooManyRequests', message: `wait with ${secret} at ${FIELD}` }),
      )
    },
    async (client) => {
      await assert.rejects(client.request({ method: 'GET', path: '/api/v1/namespaces' }), {
        code: 'KUBE_THROTTLED',
        status: 429,
        reason: 'TooManyRequests',
        retryAfterMs: 7000,
        message: `GET /api/v1/namespaces returned 429: wait with (redacted) at ${FIELD}`,
      })
    },
  )
})

test('a Retry-After of hours, as from a proxy under maintenance, is limited to a minute', async () => {
  await withServer(
    (_request, response) => void response.writeHead(429, { 'retry-after': '7200' }).end(),
    async (client) => {
      const call = client.request({ method: 'GET', path: '/api/v1/namespaces' })
      await assert.rejects(call, { status: 429, retryAfterMs: 60_000 })
    },
  )
})

test('each kind of failure has its own code', async () => {
  const codes: Record<number, string> = {
    401: 'KUBE_UNAUTHORIZED',
    403: 'KUBE_FORBIDDEN',
    404: 'KUBE_NOT_FOUND',
    409: 'KUBE_CONFLICT',
    410: 'KUBE_EXPIRED',
    418: 'KUBE_REFUSED',
    422: 'KUBE_INVALID',
    500: 'KUBE_SERVER_ERROR',
    503: 'KUBE_SERVER_ERROR',
  }
  await withServer(
    (request, response) => {
      const status = Number(request.url?.slice(1))
      response.writeHead(status)
      response.end(status === 200 ? '<html>please log in</html>' : 'plain words')
    },
    async (client) => {
      for (const [status, code] of Object.entries(codes)) {
        await assert.rejects(client.request({ method: 'GET', path: `/${status}` }), { code, status: Number(status) })
      }
      await assert.rejects(client.request({ method: 'GET', path: '/200' }), { code: 'KUBE_BAD_ANSWER' })
    },
  )
})

test('connections are reused: 200 calls, 16 at a time, need at most 16 connections', async () => {
  const sockets = new Set<unknown>()
  await withServer(
    (request, response) => {
      sockets.add(request.socket)
      response.end('{}')
    },
    async (client) => {
      await Promise.all(Array.from({ length: 200 }, () => client.request({ method: 'GET', path: '/api' })))
      assert.ok(sockets.size <= 16, `${sockets.size} connections`)
    },
  )
})

test('a connection that serves one waiting call after the other accumulates no listeners', async () => {
  const warnings: string[] = []
  const onWarning = ({ name }: Error): void => void warnings.push(name)
  process.on('warning', onWarning)
  await withServer(
    (_, response) => response.end('{}'),
    async (client) => {
      await Promise.all(Array.from({ length: 16 * 20 }, () => client.request({ method: 'GET', path: '/api' })))
    },
  )
  process.off('warning', onWarning)
  assert.deepEqual(warnings, [])
})

test('a lease renewal has its own connection while all 16 for calls hang', async () => {
  let hanging = 0
  await withServer(
    (request, response) => {
      if (request.url === '/lease') response.end('{}')
      else hanging += 1
    },
    async (client) => {
      const writes = Array.from({ length: 20 }, () => client.request({ method: 'PATCH', path: '/write' }))
      for (let renewals = 0; hanging < 16 || renewals === 0; renewals += 1) {
        assert.deepEqual(await client.request({ method: 'GET', path: '/lease', lane: 'lease' }), {})
      }
      assert.deepEqual(await client.request({ method: 'GET', path: '/lease', lane: 'lease' }), {})
      assert.equal(hanging, 16)
      client.close()
      for (const write of writes) await assert.rejects(write, { code: 'KUBE_UNREACHABLE' })
    },
  )
})

test('one call without a response is enough to leave a hung server behind a load balancer, whatever its idle connections', async () => {
  const hung = new Set<unknown>()
  const sockets = new Set<unknown>()
  const waiting: (() => void)[] = []
  await withServer(
    (request, response) => {
      sockets.add(request.socket)
      if (hung.has(request.socket)) return
      if (request.url === '/hold') waiting.push(() => response.end('{}'))
      else response.end('{}')
    },
    async (client) => {
      const held = Array.from({ length: 16 }, () => client.request({ method: 'GET', path: '/hold' }))
      const lease = { method: 'GET', path: '/lease', lane: 'lease' } as const
      await client.request(lease)
      while (waiting.length < 16) await new Promise((resolve) => setImmediate(resolve))
      for (const release of waiting) release()
      await Promise.all(held)
      assert.equal(sockets.size, 17)
      const write = { method: 'PATCH', path: '/write' } as const
      await client.request(write)
      assert.equal(sockets.size, 17)
      for (const socket of sockets) hung.add(socket)
      await assert.rejects(client.request({ ...write, timeoutMs: 200 }), { code: 'KUBE_TIMEOUT' })
      assert.deepEqual(await client.request(write), {})
      // The Lease has a connection of its own. A slow write of another object must not break this
      // connection.
      hung.clear()
      await client.request(lease)
      assert.equal(sockets.size, 18)
    },
  )
})

test('an aborted call that waits for a connection passes its turn to the next one', async () => {
  const waiting: (() => void)[] = []
  await withServer(
    (request, response) => {
      if (request.url === '/hold') waiting.push(() => response.end('{}'))
      else response.end('{}')
    },
    async (client) => {
      const held = Array.from({ length: 16 }, () => client.request({ method: 'GET', path: '/hold' }))
      const stop = new AbortController()
      const aborted = client.request({ method: 'GET', path: '/aborted' }, stop.signal)
      const next = client.request({ method: 'GET', path: '/next' })
      stop.abort(new Error('enough'))
      await assert.rejects(aborted, { message: 'enough' })
      while (waiting.length < 16) await new Promise((resolve) => setImmediate(resolve))
      for (const release of waiting) release()
      assert.deepEqual(await Promise.all([...held, next]), Array(17).fill({}))
    },
  )
})

test('a call that must not be sent any more when its turn comes never arrives, and passes its turn to the next one', async () => {
  const [waiting, arrived] = [[] as (() => void)[], [] as (string | undefined)[]]
  await withServer(
    (request, response) => {
      if (request.url === '/hold') return void waiting.push(() => response.end('{}'))
      arrived.push(request.url)
      response.end('{}')
    },
    async (client) => {
      const held = Array.from({ length: 16 }, () => client.request({ method: 'GET', path: '/hold' }))
      let leads = true
      const maySend = (): boolean => leads
      const late = ['/a', '/b'].map((path) => client.request({ method: 'PATCH', path, body: {}, maySend }))
      const next = client.request({ method: 'GET', path: '/next' })
      while (waiting.length < 16) await new Promise((resolve) => setImmediate(resolve))
      leads = false
      for (const release of waiting) release()
      for (const call of late) await assert.rejects(call, { code: 'KUBE_UNREACHABLE', message: /was not sent/ })
      assert.deepEqual(await Promise.all([...held, next]), Array(17).fill({}))
      leads = true
      assert.deepEqual(await client.request({ method: 'PATCH', path: '/c', body: {}, maySend }), {})
      assert.deepEqual(arrived.sort(), ['/c', '/next'])
    },
  )
})

test('an idle connection closes itself before the API server would, and one in use does not', async () => {
  await withServer(
    (request, response) => {
      if (request.url === '/hold') setImmediate(() => response.end('{}'))
      else response.end('{}')
    },
    async (_client, _calls, server) => {
      const agent = createAgents({ server }, '127.0.0.1', false).of('call')
      const get = (path: string, onSocket?: (socket: Socket) => void) =>
        new Promise<void>((resolve, reject) => {
          const sent = request(`${server}${path}`, { agent }, (response) => response.resume().on('end', resolve))
          if (onSocket) sent.on('socket', onSocket)
          sent.on('error', reject).end()
        })
      await get('/')
      await new Promise((resolve) => setImmediate(resolve))
      const idle = Object.values(agent.freeSockets).flatMap((sockets = []) => sockets)
      assert.deepEqual(
        idle.map(({ timeout }) => timeout),
        [80_000],
      )
      let inUse: number | undefined
      await get('/hold', (socket) => {
        inUse = socket.timeout
        assert.equal(socket, idle[0])
      })
      assert.equal(inUse, 0)
      agent.destroy()
    },
  )
})

test('a POST over an idle connection that the server closed is not repeated', async () => {
  let requests = 0
  await withServer(
    (request, response) => {
      requests += 1
      if (requests === 2) request.socket.resetAndDestroy()
      else response.end('{}')
    },
    async (client) => {
      await client.request({ method: 'GET', path: '/api' })
      await assert.rejects(client.request({ method: 'POST', path: '/api', body: {} }), { code: 'KUBE_UNREACHABLE' })
      assert.equal(requests, 2)
    },
  )
})

test('an idle connection that the server closed is replaced without the caller noticing', async () => {
  let requests = 0
  await withServer(
    (request, response) => {
      requests += 1
      if (requests === 2) request.socket.resetAndDestroy()
      else response.end('{}')
    },
    async (client) => {
      await client.request({ method: 'GET', path: '/api' })
      assert.deepEqual(await client.request({ method: 'GET', path: '/api' }), {})
      assert.equal(requests, 3)
    },
  )
})

test('a call ends at its timeout, at an abort, and when the body is too large or stalls', async () => {
  await withServer(
    (request, response) => {
      if (request.url === '/large') response.end(JSON.stringify('x'.repeat(5000)))
      if (request.url === '/stops') response.write('{"a":')
    },
    async (client) => {
      const call = { method: 'GET', path: '/silent', timeoutMs: 30 } as const
      await assert.rejects(client.request(call), { code: 'KUBE_TIMEOUT', status: 0 })
      await assert.rejects(client.request({ ...call, path: '/stops' }), { code: 'KUBE_TIMEOUT' })
      await assert.rejects(client.request({ ...call, path: '/large', bodyLimit: 1000, timeoutMs: 60_000 }), {
        code: 'KUBE_BAD_ANSWER',
      })
      const stop = new AbortController()
      const pending = client.request({ method: 'GET', path: '/silent' }, stop.signal)
      stop.abort(new Error('enough'))
      await assert.rejects(pending, { message: 'enough' })
    },
  )
})

test('a client that is closed fails all calls that are in flight or waiting, and does not crash', async () => {
  await withServer(
    () => undefined,
    async (client) => {
      const calls = Array.from({ length: 20 }, () => client.request({ method: 'GET', path: '/silent' }))
      const watch = client.watch({ path: '/watch' }, () => undefined)
      await new Promise((resolve) => setImmediate(resolve))
      client.close()
      for (const call of [...calls, watch]) await assert.rejects(call, { code: 'KUBE_UNREACHABLE' })
    },
  )
})

test("a server that does not exist is unreachable, with the system's reason", async () => {
  let address = ''
  await withServer(
    () => undefined,
    async (_client, _calls, server) => {
      address = server
    },
  )
  const client = createKubeClient({ server: address })
  await assert.rejects(client.request({ method: 'GET', path: '/api' }), {
    code: 'KUBE_UNREACHABLE',
    reason: 'ECONNREFUSED',
  })
  client.close()
})

test('a watch delivers events until the server ends it, and distinguishes a clean end from a break', async () => {
  await withServer(
    (request, response) => {
      response.write('{"type":"ADDED","object":{"n":1}}\n')
      if (request.url?.includes('clean')) response.end()
      else response.write('{"type":"MODIFIED","obj', () => request.socket.resetAndDestroy())
    },
    async (client) => {
      const events: unknown[] = []
      await client.watch({ path: '/clean', query: { allowWatchBookmarks: true } }, (event) => events.push(event))
      assert.deepEqual(events, [{ type: 'ADDED', object: { n: 1 } }])
      await assert.rejects(
        client.watch({ path: '/cut' }, () => undefined),
        { code: 'KUBE_UNREACHABLE' },
      )
    },
  )
})

test('a token is never sent to a plain http address except on this machine', () => {
  assert.throws(() => createKubeClient({ server: 'http://10.0.0.1:6443', token: () => 't' }), {
    code: 'KUBE_CONNECTION',
  })
})

test('metrics name the resource of a path, never an object', () => {
  const paths = {
    '/api/v1/namespaces': 'namespaces',
    '/api/v1/namespaces/shop': 'namespaces',
    '/api/v1/secrets?fieldSelector=metadata.name%3Da': 'secrets',
    '/api/v1/namespaces/shop/serviceaccounts/default': 'serviceaccounts',
    '/apis/coordination.k8s.io/v1/namespaces/shop/leases/a': 'leases',
    '/apis/events.k8s.io/v1/events': 'events',
  }
  assert.deepEqual(Object.fromEntries(Object.keys(paths).map((path) => [path, resourceOf(path)])), paths)
})

test("an API server's address that is not a URL is an error of the kubeconfig, and not shown", () => {
  assert.throws(() => createKubeClient({ server: 'prod 10.0.0.1' }), {
    code: 'KUBE_CONNECTION',
    message: "the API server's address is not a URL",
  })
})
