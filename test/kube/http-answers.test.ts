import assert from 'node:assert/strict'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { test } from 'node:test'
import fc from 'fast-check'
import { createKubeClient, type KubeClient } from '../../src/kube/client.ts'

type Script = (socket: Socket, request: number) => void

/**
 * Starts a server that responds to each request with bytes that the test chooses. `connections`
 * counts the opened connections.
 */
async function withBytes(script: Script, work: (client: KubeClient, connections: () => number) => Promise<void>) {
  let connections = 0
  let requests = 0
  const open = new Set<Socket>()
  const server = createServer((socket) => {
    connections += 1
    open.add(socket)
    let text = ''
    socket.on('error', () => undefined)
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      // Requests of these tests have no body.
      for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n')) {
        text = text.slice(end + 4)
        requests += 1
        script(socket, requests)
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const client = createKubeClient({ server: `http://127.0.0.1:${port}` })
  try {
    await work(client, () => connections)
  } finally {
    client.close()
    for (const socket of open) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  }
}

const get = (path: string) => ({ method: 'GET', path }) as const

function inPieces(text: string, cuts: readonly number[]): readonly string[] {
  const at = [...new Set(cuts.map((cut) => cut % (text.length + 1)))].sort((a, b) => a - b)
  return [0, ...at].map((from, index) => text.slice(from, at[index] ?? text.length)).filter((piece) => piece !== '')
}

function chunked(text: string, size: number): string {
  const pieces = text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? []
  return `${pieces.map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`).join('')}0\r\n\r\n`
}

test('a response reads the same however it is framed and split', async () => {
  const framing = fc.constantFrom('length', 'chunked', 'until-close', 'after-100')
  const cuts = fc.array(fc.nat({ max: 600 }), { maxLength: 8 })
  const content = fc.record({ kind: fc.string({ maxLength: 20 }), n: fc.integer(), list: fc.array(fc.string()) })
  await fc.assert(
    fc.asyncProperty(content, framing, cuts, fc.integer({ min: 1, max: 40 }), async (value, kind, at, size) => {
      // ASCII, so that the number of characters equals the number of bytes.
      const body = JSON.stringify(value).replaceAll(/[^\x20-\x7e]/g, '?')
      const head = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n'
      const sized = `${head}Content-Length: ${body.length}\r\n\r\n${body}`
      const text = {
        length: sized,
        chunked: `${head}Transfer-Encoding: chunked\r\n\r\n${chunked(body, size)}`,
        'until-close': `${head}\r\n${body}`,
        'after-100': `HTTP/1.1 100 Continue\r\n\r\n${sized}`,
      }[kind]
      const script: Script = async (socket) => {
        socket.setNoDelay(true)
        for (const piece of inPieces(text, at)) await new Promise((sent) => socket.write(piece, 'latin1', sent))
        if (kind === 'until-close') socket.end()
      }
      await withBytes(script, async (client) => {
        assert.deepEqual(await client.request(get('/api')), JSON.parse(body))
      })
    }),
    { numRuns: 60 },
  )
})

test('an invalid response fails the call with a code, and never hangs or crashes', async () => {
  const wild = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.constantFrom(
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n',
      'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n{}',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n',
      'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}',
      `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(90_000)}`,
      'SSH-2.0-OpenSSH_9.2\r\n',
    ),
  )
  await fc.assert(
    fc.asyncProperty(wild, async (text) => {
      const script: Script = (socket) => void socket.end(text, 'latin1')
      await withBytes(script, async (client) => {
        const outcome = await client.request(get('/api')).then(
          (value) => ({ value }),
          (error: { code: string }) => ({ code: error.code }),
        )
        assert.match('code' in outcome ? outcome.code : 'a value', /^KUBE_(BAD_ANSWER|UNREACHABLE)$/)
      })
    }),
    { numRuns: 40 },
  )
})

test('bytes after a response are never read as the next one', async () => {
  const one = 'HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n{"n":1}'
  const stray = one.replace('1}', '9}')
  for (const more of [stray, 'HTTP/1.1 200 OK\r\n', 'HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n', 'x', '\r\n']) {
    await withBytes(
      (socket, request) => void socket.write(request === 1 ? `${one}${more}` : one.replace('1}', '2}')),
      async (client) => {
        const first = await client.request(get('/one')).catch(({ code }: { code: string }) => code)
        if (first !== 'KUBE_BAD_ANSWER') assert.deepEqual(first, { n: 1 })
        assert.deepEqual(await client.request(get('/two')), { n: 2 })
      },
    )
  }
})

test('a second response that arrives between two requests closes the connection', async () => {
  const one = 'HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n{"n":1}'
  let late: Socket | undefined
  await withBytes(
    (socket, request) => {
      if (request === 1) late = socket
      socket.write(request === 1 ? one : one.replace('1}', '2}'))
    },
    async (client, connections) => {
      assert.deepEqual(await client.request(get('/one')), { n: 1 })
      const closed = new Promise((resolve) => late?.once('close', resolve))
      late?.write(one.replace('1}', '9}'))
      await closed
      assert.deepEqual(await client.request(get('/two')), { n: 2 })
      assert.equal(connections(), 2)
    },
  )
})

test('a bad length, a bad chunk size, a redirect and an empty success are errors', async () => {
  const lengths = ['7, 9', '-1', '7abc', '+7', '0x7', '7 7', '']
  const responses = [
    ...lengths.map((length) => `HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n{"n":1}`),
    'HTTP/1.1 200 OK\r\nContent-Length: 7\r\nContent-Length: 8\r\n\r\n{"n":1}',
    'HTTP/1.1 200 OK\r\nContent-Length: 7\r\nTransfer-Encoding: chunked\r\n\r\n{"n":1}',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0x7\r\n{"n":1}\r\n0\r\n\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n+7\r\n{"n":1}\r\n0\r\n\r\n',
    'HTTP/1.1 200 OK\nContent-Length: 7\n\n{"n":1}',
    'HTTP/1.1 307 Temporary Redirect\r\nLocation: https://127.0.0.1:1/\r\nContent-Length: 7\r\n\r\n{"n":1}',
    'HTTP/1.1 304 Not Modified\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
    'HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n',
    'HTTP/1.1 204 No Content\r\n\r\n',
  ]
  for (const text of responses) {
    await withBytes(
      (socket) => void socket.end(text, 'latin1'),
      async (client) => {
        await assert.rejects(client.request(get('/api')), { code: 'KUBE_BAD_ANSWER' }, text)
      },
    )
  }
})

test('a connection is not reused after the server sends close', async () => {
  await withBytes(
    (socket) => void socket.write('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}'),
    async (client, connections) => {
      for (const path of ['/one', '/two']) assert.deepEqual(await client.request(get(path)), {})
      assert.equal(connections(), 2)
    },
  )
})

test('a connection that the server closed between two calls is not used again, not even for a method that is never repeated', async () => {
  let closed: Promise<unknown> | undefined
  await withBytes(
    (socket, request) => {
      if (request === 1) closed = new Promise((resolve) => socket.once('close', resolve))
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}')
      if (request === 1) socket.end()
    },
    async (client, connections) => {
      assert.deepEqual(await client.request(get('/one')), {})
      // The connection is closed on both sides, so the client has seen the end.
      await closed
      assert.deepEqual(await client.request({ method: 'POST', path: '/two' }), {})
      assert.equal(connections(), 2)
    },
  )
})

test('a token with a line break is rejected before anything is sent', async () => {
  const client = createKubeClient({ server: 'http://127.0.0.1:9', token: () => 'a\r\nx-remote-user: admin' })
  await assert.rejects(client.request(get('/api')), { code: 'KUBE_CONNECTION' })
  client.close()
})

test('a certificate that cannot be read is reported', () => {
  assert.throws(() => createKubeClient({ server: 'https://127.0.0.1:1', ca: 'not PEM', key: 'nor this' }), {
    code: 'KUBE_CONNECTION',
  })
})
