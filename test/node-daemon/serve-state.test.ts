import assert from 'node:assert/strict'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import type { NodeState } from '../../src/node/daemon/run-daemon.ts'
import { serveState } from '../../src/node/daemon/serve-state.ts'

let state: NodeState = { ready: false, text: 'starting' }
let server: Awaited<ReturnType<typeof serveState>>
before(async () => {
  server = await serveState({ host: '127.0.0.1', port: 0 }, () => state)
})
after(() => {
  server.closeAllConnections()
  server.close()
})

async function read(path: string) {
  const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`)
  return { status: response.status, text: await response.text(), headers: response.headers }
}

test('the Pod is ready when its node is, and lives in both cases', async () => {
  state = { ready: false, text: 'NODE_BUSY: wait' }
  const { status, text, headers } = await read('/readyz')
  assert.deepEqual([status, text], [503, 'NODE_BUSY: wait\n'])
  assert.deepEqual(
    ['content-type', 'cache-control', 'x-content-type-options'].map((name) => headers.get(name)),
    ['text/plain; charset=utf-8', 'no-store', 'nosniff'],
  )
  assert.equal((await read('/healthz')).status, 200)
  state = { ready: true, text: 'fine' }
  assert.deepEqual([(await read('/readyz')).status, (await read('/readyz')).text], [200, 'fine\n'])
})

test('every other path is absent', async () => {
  const { status, text } = await read('/metrics')
  assert.deepEqual([status, text], [404, '404\n'])
  assert.equal((await read('/')).status, 404)
})

test('a hanging request ends', () => assert.equal(server.requestTimeout, 10_000))

test('an address that is taken is an error', async () => {
  const { port } = server.address() as AddressInfo
  await assert.rejects(
    serveState({ host: '127.0.0.1', port }, () => state),
    { code: 'EADDRINUSE' },
  )
})
