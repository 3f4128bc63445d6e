import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HttpRequest, HttpResponse, HttpSender } from '../../src/alibaba/transport/http-sender.ts'
import { findPublic } from '../../src/migrate/find-public.ts'

const HOST = 'registry.cn-hangzhou.aliyuncs.com'
const VPC = 'registry-vpc.cn-hangzhou.aliyuncs.com'
const SERVICE = 'dockerauth.cn-hangzhou.aliyuncs.com'

/**
 * ACR's Personal Edition: its token service gives everyone a token, which pulls public repositories
 * only.
 */
function registry(isPublic: (path: string) => boolean) {
  const requests: HttpRequest[] = []
  const respond = ({ url, headers }: HttpRequest): HttpResponse => {
    if (url.host === SERVICE) return { status: 200, headers: {}, text: '{"token":"anonymous"}' }
    if (url.host !== HOST) throw Object.assign(new Error('no such host'), { code: 'ENOTFOUND' })
    if (headers.authorization === 'Bearer anonymous' && isPublic(url.pathname))
      return { status: 200, headers: {}, text: '{"config":{}}' }
    const challenge = `Bearer realm="https://${SERVICE}/auth",service="registry.aliyuncs.com:cn-hangzhou:26842"`
    return { status: 401, headers: { 'www-authenticate': challenge }, text: '{}' }
  }
  const send: HttpSender = async (request) => {
    requests.push(request)
    return respond(request)
  }
  return { send, requests }
}

// Sources: the form of challenge and token service is that of test/acr/query-manifest.test.ts. An
// anonymous pull of a public repository is what kubeadm's users in China do with
// registry.cn-hangzhou.aliyuncs.com/google_containers.
test('which images of ACR anyone may pull is asked without a login, at the public host of a VPC host', async () => {
  const { send, requests } = registry((path) => path === '/v2/google_containers/pause/manifests/3.9')
  const images = [`${HOST}/google_containers/pause:3.9`, `${VPC}/google_containers/pause:3.9`, `${HOST}/acme/tools:1`]
  const isPublic = await findPublic(send, images, AbortSignal.timeout(10_000))
  assert.deepEqual([...isPublic.values()], [true, true, false])
  for (const { url, headers } of requests) {
    assert.ok(url.host === SERVICE || url.host === HOST, url.host)
    assert.ok(!(headers.authorization ?? '').startsWith('Basic'))
    assert.equal(url.searchParams.get('account'), null)
  }
})

test('only hosts of ACR get requests, and a host without a response gets one; images without a request stay unknown', async () => {
  const { send, requests } = registry(() => true)
  const silent = 'a-registry-vpc.cn-hangzhou.cr.aliyuncs.com'
  const images = [`${silent}/x:1`, `${silent}/y:1`, '169.254.169.254/latest:1', 'internal.example.com/x:1', 'nginx']
  const isPublic = await findPublic(send, images, AbortSignal.timeout(10_000))
  assert.deepEqual([...isPublic], [])
  assert.deepEqual(
    requests.map(({ url }) => url.host),
    [silent],
  )
})
