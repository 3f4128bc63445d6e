import assert from 'node:assert/strict'
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { pino } from 'pino'
import { launchHelper } from '../../src/helper/launch-helper.ts'
import { registry } from './helper-fixture.ts'

const HOUR = 3_600_000

async function listen(context: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  context.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('a helper whose clock is hours behind takes the time from the API server until the cloud responds', async (context) => {
  const signedAt = Promise.withResolvers<string>()
  const cloud = await listen(context, (request, response) => {
    signedAt.resolve(String(request.headers['x-acs-date']))
    response.destroy()
  })
  const ahead = Date.now() + 3 * HOUR
  const server = await listen(context, (request, response) => {
    response.setHeader('date', new Date(ahead).toUTCString())
    const metadata = { name: 'status', namespace: 'home', resourceVersion: '1' }
    const isStatus = request.url?.includes('/configmaps/') === true
    response.statusCode = isStatus ? 200 : 403
    response.end(JSON.stringify(isStatus ? { metadata, data: {} } : { kind: 'Status', code: 403 }))
  })
  const folder = await mkdtemp(join(tmpdir(), 'launch-'))
  await mkdir(join(folder, 'access-key'))
  for (const [file, text] of [
    ['accessKeyId', 'id'],
    ['accessKeySecret', 'secret'],
  ] as const) {
    await writeFile(join(folder, 'access-key', file), text)
  }
  const config = {
    registries: [registry('a')],
    identity: { type: 'access-key', accessKey: { existingSecret: 'key' } },
    endpoints: { cr: cloud },
    attach: 'admission',
    release: { name: 'r', namespace: 'home', fullname: 'r', serviceAccount: 'r', lease: 'r', status: 'status' },
  }
  await writeFile(join(folder, 'config.yaml'), JSON.stringify(config))
  const stop = new AbortController()
  const running = launchHelper(
    {
      argument: {
        config: join(folder, 'config.yaml'),
        secretsDir: folder,
        serviceAccountDir: folder,
        oidcTokenFile: undefined,
        httpAddress: undefined,
      },
      connection: { server },
      environment: {},
      version: '0.0.0',
      podName: 'one',
      log: pino({}, { write: () => undefined }),
    },
    stop.signal,
  )
  const date = Date.parse(await signedAt.promise)
  stop.abort()
  await running
  assert.ok(Math.abs(date - ahead) < 60_000, new Date(date).toISOString())
})
