import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { get } from 'node:https'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { serveVendorNames, type VendorNames } from '../../../../sandbox/nodes/containerd/vendor-names.ts'
import { freePort } from '../../../../tools/process/free-port.ts'

const REALM = 'https://dockerauth-cn-zhangjiakou.aliyuncs.com/auth'
const DOMAIN = 'demo.cn-hangzhou.cr.aliyuncs.com'

const back = createServer((request, response) => {
  if (request.url?.startsWith('/auth'))
    return void response.end(`token ${request.url} ${request.headers.authorization}`)
  response
    .writeHead(401, { 'www-authenticate': `Bearer realm="${origin()}/auth",service="s"` })
    .end(request.headers.host)
})
const origin = (): string => `http://127.0.0.1:${(back.address() as AddressInfo).port}`

let names: VendorNames
let port: number
before(async () => {
  await once(back.listen(0, '127.0.0.1'), 'listening')
  const auth = { realm: `${origin()}/auth`, vendorRealm: REALM }
  port = await freePort()
  names = await serveVendorNames({ url: origin(), domains: [DOMAIN], auth }, { address: '127.0.0.1', port })
})
after(() => {
  names.stop()
  back.close()
})

interface Received {
  readonly status: number | undefined
  readonly challenge: string | undefined
  readonly text: string
}

/** Calls a host like a client with a hosts file, which checks the name against the certificate. */
function call(host: string, path: string, headers: Record<string, string> = {}): Promise<Received> {
  const ca = names.caPem
  const options = { host: '127.0.0.1', port, path, ca, servername: host, headers: { host, ...headers }, agent: false }
  return new Promise((resolve, reject) => {
    get(options, async (response) => {
      let text = ''
      for await (const part of response) text += part
      resolve({ status: response.statusCode, challenge: response.headers['www-authenticate'], text })
    }).on('error', reject)
  })
}

test('a registry’s challenge names the vendor’s token service in another region, which is served too', async () => {
  assert.deepEqual(names.hosts, [DOMAIN, new URL(REALM).hostname])
  const unauthorized = { status: 401, challenge: `Bearer realm="${REALM}",service="s"`, text: DOMAIN }
  assert.deepEqual(await call(DOMAIN, '/v2/'), unauthorized)
  const token = await call(new URL(REALM).hostname, '/auth?service=s', { authorization: 'Basic eDp5' })
  assert.deepEqual(token, { status: 200, challenge: undefined, text: 'token /auth?service=s Basic eDp5' })
  assert.deepEqual([...names.requests.values()], [1, 1])
})

test('the certificate is not valid for other names', async () => {
  await assert.rejects(call('other.example', '/v2/'), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
})

test('if the registry is down, the connection is closed', async () => {
  back.closeAllConnections()
  back.close()
  await once(back, 'close')
  await assert.rejects(call(DOMAIN, '/v2/'), { code: 'ECONNRESET' })
})
