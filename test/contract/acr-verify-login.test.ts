import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { after, before, test } from 'node:test'
import type { Cloud } from '../../sandbox/cloud/start-cloud.ts'
import { startCloud } from '../../sandbox/cloud/start-cloud.ts'
import type { RegistryToken } from '../../src/acr/registry-token.ts'
import { createTokenSource } from '../../src/acr/token-source.ts'
import { type LoginVerdict, verifyLogin } from '../../src/acr/verify-login.ts'
import type { HttpSender } from '../../src/alibaba/transport/http-sender.ts'
import { registry } from '../acr/registry.ts'
import { clientOf, fixed, readText } from './acr-cloud-client.ts'

let cloud: Cloud
let front: Server
let token: RegistryToken
const config = registry({ instanceId: 'cri-k7x2m9q4w1t8z5h3' })

before(async () => {
  cloud = await startCloud()
  // Serves only a registry's challenge, which refers to the emulated cloud's token service.
  const { realm, service, vendorRealm } = cloud.registryAuth
  front = createServer((request, response) => {
    const isLocal = request.headers['x-vendor-name'] === undefined
    const named = isLocal ? realm : vendorRealm
    response.writeHead(401, { 'www-authenticate': `Bearer realm="${named}",service="${service}"` }).end()
  }).listen(0, '127.0.0.1')
  await once(front, 'listening')
  const client = clientOf(cloud)
  token = await createTokenSource(config, {
    ...client,
    identity: () => fixed(cloud.administrator),
    identityConfig: {},
    readText,
    secretsDir: '/nowhere',
  }).get()
})
after(async () => {
  front.close()
  await cloud.stop()
})

function verify(login: Pick<RegistryToken, 'username' | 'password'>): Promise<LoginVerdict> {
  const registryUrl = new URL(`http://127.0.0.1:${(front.address() as { port: number }).port}`)
  const { send } = clientOf(cloud).transport
  const domain = token.domains[0] ?? ''
  return verifyLogin(send, { ...login, domain, issuedByAcr: true, registry: registryUrl })
}

test('the registry’s token service accepts a valid token and rejects a wrong one', async () => {
  assert.equal((await verify(token)).result, 'accepted')
  assert.equal((await verify({ ...token, password: `${token.password}x` })).result, 'refused')
})

/** Like `verify`, but with the vendor's host names, which resolve to this machine. */
async function verifyByName(login: Pick<RegistryToken, 'username' | 'password'>, domain: string) {
  const { send } = clientOf(cloud).transport
  const hosts: string[] = []
  const byName: HttpSender = (request, signal) => {
    hosts.push(request.url.host)
    const isService = request.url.host === new URL(cloud.registryAuth.vendorRealm).host
    const origin = isService
      ? cloud.registryAuth.realm
      : `http://127.0.0.1:${(front.address() as { port: number }).port}`
    const url = new URL(`${request.url.pathname}${request.url.search}`, origin)
    const headers = isService ? request.headers : { ...request.headers, 'x-vendor-name': request.url.host }
    return send({ ...request, url, headers }, signal)
  }
  const { result } = await verifyLogin(byName, { ...login, domain, issuedByAcr: config.edition !== 'static' })
  return { result, hosts }
}

test('a token is verified at the token service that the registry names, in another region than its own', async () => {
  for (const domain of token.domains) {
    const service = 'dockerauth-cn-zhangjiakou.aliyuncs.com'
    assert.deepEqual(await verifyByName(token, domain), { result: 'accepted', hosts: [domain, service] })
    assert.equal((await verifyByName({ ...token, password: 'wrong' }, domain)).result, 'refused')
  }
})

test('P2 a token that was revoked early is noticed with one login', async () => {
  cloud.control.expireTokens()
  const verdict = await verify(token)
  assert.equal(verdict.result, 'refused')
  assert.doesNotMatch(verdict.detail, new RegExp(token.password.slice(0, 12)))
})
