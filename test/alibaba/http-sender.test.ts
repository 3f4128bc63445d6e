import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import https from 'node:https'
import { connect } from 'node:net'
import { after, test } from 'node:test'
import { createAuthority } from '../../sandbox/cluster/certificate.ts'
import { createHttpSender, type HttpRequest } from '../../src/alibaba/transport/http-sender.ts'

const servers: http.Server[] = []
after(() => {
  for (const server of servers) {
    server.closeAllConnections()
    server.close()
  }
})

async function listen(server: http.Server): Promise<number> {
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as { port: number }).port
}

const get = (url: string, more: Partial<HttpRequest> = {}): HttpRequest => {
  return { url: new URL(url), method: 'GET', headers: {}, timeout: 5000, ...more }
}

/**
 * Starts a proxy that records its requests. It tunnels a CONNECT for any host to `upstream`, and
 * responds to other requests itself.
 */
async function startProxy(upstream: number): Promise<{ port: number; requests: string[] }> {
  const requests: string[] = []
  const proxy = http.createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`)
    response.end('{"by":"proxy"}')
  })
  proxy.on('connect', (request, socket) => {
    requests.push(`CONNECT ${request.url}`)
    const through = connect(upstream, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      through.pipe(socket).pipe(through)
    })
    through.on('error', () => socket.destroy())
    socket.on('error', () => through.destroy())
  })
  return { port: await listen(proxy), requests }
}

async function startTls(): Promise<{ port: number; ca: string }> {
  const authority = createAuthority('test authority')
  const pair = authority.issue({ commonName: 'cloud', names: ['127.0.0.1', 'cr.cn-test.aliyuncs.com'], minutes: 60 })
  const server = https.createServer({ key: pair.keyPem, cert: pair.certificatePem }, (_, response) =>
    response.end('{}'),
  )
  return { port: await listen(server), ca: authority.certificatePem }
}

test('a response is complete, with its status and headers, and the body arrives', async () => {
  const port = await listen(
    http.createServer(async (request, response) => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk as Buffer)
      response.writeHead(418, { 'x-acs-request-id': 'R' }).end(`${request.method} ${Buffer.concat(chunks)}`)
    }),
  )
  const response = await createHttpSender()(get(`http://127.0.0.1:${port}/`, { method: 'POST', body: 'grün' }))
  assert.equal(response.status, 418)
  assert.equal(response.headers['x-acs-request-id'], 'R')
  assert.equal(response.text, 'POST grün')
})

test('connections are kept and reused', async () => {
  const sockets = new Set<unknown>()
  const port = await listen(
    http.createServer((request, response) => {
      sockets.add(request.socket)
      response.end()
    }),
  )
  const send = createHttpSender()
  for (let call = 0; call < 3; call++) await send(get(`http://127.0.0.1:${port}/`))
  assert.equal(sockets.size, 1)
})

test('a truncated response is an error, never half a response', async () => {
  const port = await listen(
    http.createServer((request, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('{"AccessKeyId":')
      setImmediate(() => request.socket.destroy())
    }),
  )
  await assert.rejects(createHttpSender()(get(`http://127.0.0.1:${port}/`)))
})

test('a peer that never responds costs the timeout, and an abort ends the wait immediately', async () => {
  const port = await listen(http.createServer(() => undefined))
  const send = createHttpSender()
  await assert.rejects(send(get(`http://127.0.0.1:${port}/`, { timeout: 30 })), (error: Error) => {
    return error.name === 'TimeoutError' || (error.cause as Error | undefined)?.name === 'TimeoutError'
  })
  const abort = new AbortController()
  const waiting = send(get(`http://127.0.0.1:${port}/`), abort.signal)
  abort.abort()
  await assert.rejects(waiting)
})

test('a certificate of a private authority is trusted only through caBundle', async () => {
  const { port, ca } = await startTls()
  await assert.rejects(createHttpSender()(get(`https://127.0.0.1:${port}/`)), { code: /UNABLE_TO_VERIFY|SELF_SIGNED/ })
  assert.equal((await createHttpSender({ ca })(get(`https://127.0.0.1:${port}/`))).status, 200)
})

test('https goes through HTTPS_PROXY by CONNECT, so the proxy sees the host and nothing else', async () => {
  const { port, ca } = await startTls()
  const proxy = await startProxy(port)
  const send = createHttpSender({ ca, proxyEnv: { HTTPS_PROXY: `http://127.0.0.1:${proxy.port}` } })
  const response = await send(get('https://cr.cn-test.aliyuncs.com/?secret=1'))
  assert.equal(response.text, '{}')
  assert.deepEqual(proxy.requests, ['CONNECT cr.cn-test.aliyuncs.com:443'])
})

test('NO_PROXY, loopback and direct requests bypass the proxy', async () => {
  const { port, ca } = await startTls()
  const proxy = await startProxy(port)
  const address = `http://127.0.0.1:${proxy.port}`
  const send = createHttpSender({ ca, proxyEnv: { HTTPS_PROXY: address, HTTP_PROXY: address, NO_PROXY: '.invalid' } })
  assert.equal((await send(get(`https://127.0.0.1:${port}/`))).text, '{}')
  await assert.rejects(send(get('https://cr.nowhere.invalid/')), { code: /ENOTFOUND|EAI_AGAIN/ })
  await assert.rejects(send(get('http://metadata.invalid.test./latest', { direct: true })), {
    code: /ENOTFOUND|EAI_AGAIN/,
  })
  assert.deepEqual(proxy.requests, [])
})

test('NO_PROXY has the same meaning for the cloud as for helm: names with their subdomains, and networks', async () => {
  const { port, ca } = await startTls()
  const proxy = await startProxy(port)
  const through = async (NO_PROXY: string, url: string): Promise<boolean> => {
    const send = createHttpSender({ ca, proxyEnv: { HTTPS_PROXY: `127.0.0.1:${proxy.port}`, NO_PROXY } })
    const before = proxy.requests.length
    await send(get(url, { timeout: 500 })).catch(() => undefined)
    return proxy.requests.length > before
  }
  // https://pkg.go.dev/golang.org/x/net/http/httpproxy#Config
  assert.equal(await through('', 'https://cr.cn-test.invalid'), true)
  assert.equal(await through('cn-test.invalid', 'https://cr.cn-test.invalid'), false)
  assert.equal(await through('test.invalid', 'https://cr.cn-test.invalid'), true)
  assert.equal(await through('192.0.2.0/24', 'https://192.0.2.7'), false)
  assert.equal(await through('192.0.2.0-192.0.2.9', 'https://192.0.2.7'), true)
})

test('a server that switches to another protocol is an error, also after the timeout', async () => {
  const server = http.createServer()
  server.prependListener('connection', (socket) =>
    socket.end('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n'),
  )
  const port = await listen(server)
  await assert.rejects(createHttpSender()(get(`http://127.0.0.1:${port}/`, { timeout: 500 })), /another protocol/)
})
