import assert from 'node:assert/strict'
import { request } from 'node:http'
import { test } from 'node:test'
import { servePages } from '../../src/helper/report/http-server.ts'

const page = () => ({ type: 'text/plain', body: 'page' })

function requestAs(port: number, host: string | undefined, path = '/'): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const headers = host === undefined ? {} : { host }
    request({ host: '127.0.0.1', port, path, headers, setHost: false, agent: false }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode))
    })
      .on('error', reject)
      .end()
  })
}

test('the status page is only served for the Pod’s own names and loopback, with any port', async () => {
  const server = await servePages('127.0.0.1:0', { '/': page }, ['acr-nopass-7d9f'])
  try {
    for (const host of [
      'localhost:8081',
      'LOCALHOST',
      '127.0.0.1:9',
      '127.0.0.1',
      '[::1]:80',
      'acr-nopass-7d9f:8081',
    ]) {
      assert.equal(await requestAs(server.port, host), 200, host)
    }
    const others = [
      'evil.example.com',
      'localhost.evil.example.com',
      '127.0.0.1.evil.example.com',
      '10.0.0.1',
      '',
      'a b',
    ]
    for (const host of others) {
      const status = await requestAs(server.port, host)
      assert.ok(status === 421 || status === 400, `${host}: ${status}`)
    }
    assert.equal(await requestAs(server.port, 'evil.example.com', '/none'), 421)
  } finally {
    await server.close()
  }
})

test('probes and metrics are served under any name, because the kubelet and Prometheus choose it', async () => {
  const server = await servePages('127.0.0.1:0', { '/healthz': page })
  try {
    for (const host of ['10.0.0.1:8080', 'acr-nopass.acr-system.svc']) {
      assert.equal(await requestAs(server.port, host, '/healthz'), 200)
    }
  } finally {
    await server.close()
  }
})
