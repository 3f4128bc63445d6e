import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createAuthority } from '../../sandbox/cluster/certificate.ts'

const authority = createAuthority('trusted')
const pair = createAuthority('somebody else').issue({ commonName: 'server', names: ['127.0.0.1'], minutes: 60 })
let requests = 0
const server = https.createServer({ key: pair.keyPem, cert: pair.certificatePem }, (_, response) => {
  requests += 1
  response.end('{}')
})
before(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})
after(() => {
  server.closeAllConnections()
  server.close()
})

const source = (path: string): string => JSON.stringify(fileURLToPath(new URL(`../../src/${path}`, import.meta.url)))

/**
 * Programs that send a request to the server as our clients do, and print the reason of a failure.
 */
const CLIENTS = {
  'the client of the cloud and of registries': () => `
    import { createHttpSender } from ${source('alibaba/transport/http-sender.ts')}
    const send = createHttpSender({ ca: process.env.CA })
    await send({ url: new URL(process.env.SERVER), method: 'GET', headers: {}, timeout: 10000 })`,
  'the client of API servers': () => `
    import { createKubeClient, get } from ${source('kube/client.ts')}
    const client = createKubeClient({ server: process.env.SERVER, ca: process.env.CA })
    await get({ client, signal: AbortSignal.timeout(10000) }, '/version')`,
}

for (const [name, program] of Object.entries(CLIENTS)) {
  test(`${name} verifies certificates also with NODE_TLS_REJECT_UNAUTHORIZED=0 in the environment`, async () => {
    const before = requests
    const script = `try {${program().replaceAll(/^\s*import (\{[^}]*\}) from (\S+)$/gm, 'const $1 = await import($2)')}
      console.log('connected')
    } catch (error) { console.log(String(error.reason ?? error.code)) }
    process.exit()`
    const env = {
      ...process.env,
      NODE_TLS_REJECT_UNAUTHORIZED: '0',
      SERVER: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
      CA: authority.certificatePem,
    }
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], { env })
    assert.match(stdout, /UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT|SELF_SIGNED/)
    assert.equal(requests, before)
  })
}
