import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { observeBase } from '../../src/doctor/read/observe-cluster.ts'
import { createKubeClient } from '../../src/kube/client.ts'
import { createReader } from '../../src/kube/read/reader.ts'
import { createServerClock } from '../../src/kube/server-clock.ts'

const TWO_HOURS = 7_200_000

for (const aheadMs of [-TWO_HOURS, 0, TWO_HOURS]) {
  test(`doctor uses the API server's clock, which this machine is ${aheadMs / 60_000} min ahead of`, async (t) => {
    const server = createServer((_request, response) => {
      response.setHeader('Date', new Date(Date.now() - aheadMs).toUTCString())
      response.end('{"gitVersion":"v1.37.2","metadata":{},"items":[]}')
    })
    t.after(() => server.close())
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const clock = createServerClock()
    const client = createKubeClient({ server: address }, { onCall: ({ date = '' }) => clock.learn(date) })
    t.after(() => client.close())
    const { signal } = new AbortController()
    const base = await observeBase(createReader(client, signal), {
      namespace: undefined,
      release: undefined,
      server: address,
      aheadMs: clock.aheadMs,
      expectConfigs: () => undefined,
      inspect: () => Promise.reject(new Error('there is no release')),
    })
    assert.equal(Math.round((base.aheadMs ?? Number.NaN) / 60_000), aheadMs / 60_000)
    assert.equal(Math.round((base.now - Date.now()) / 60_000), -aheadMs / 60_000)
  })
}
