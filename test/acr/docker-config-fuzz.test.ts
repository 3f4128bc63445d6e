import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { buildDockerConfig, readDockerConfig } from '../../src/acr/docker-config.ts'
import { anyValue, fuzz } from '../support/fuzz.ts'

const label = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,10}$/)
const domain = fc
  .tuple(label, label, fc.option(label))
  .map(([a, b, ns]) => `${a}.${b}.com${ns === null ? '' : `/${ns}`}`)
const username = fc.string({ minLength: 1, maxLength: 20 }).filter((name) => !name.includes(':') && name.isWellFormed())
const password = fc.string({ unit: 'binary', maxLength: 40 }).filter((value) => value.isWellFormed())
const logins = fc.array(fc.record({ username, password, domains: fc.uniqueArray(domain, { maxLength: 4 }) }), {
  maxLength: 5,
})

test('the same logins give the same bytes, whatever the order of their domains', async (t) => {
  await fuzz(
    t,
    'docker-config-order',
    fc.property(logins, fc.constantFrom('auth' as const, 'full' as const), (all, format) => {
      const turned = all.map((one) => ({ ...one, domains: [...one.domains].reverse() }))
      assert.equal(buildDockerConfig(turned, format), buildDockerConfig(all, format))
      const keys = [...buildDockerConfig(all, 'auth').matchAll(/"([^"]+)":\{"auth"/g)].map(([, key]) => key)
      assert.deepEqual(keys, [...keys].sort())
    }),
    1000,
  )
})

test('every login that was written is read back, in both formats', async (t) => {
  await fuzz(
    t,
    'docker-config-round-trip',
    fc.property(logins, fc.constantFrom('auth' as const, 'full' as const), (all, format) => {
      const written = buildDockerConfig(all, format)
      const read = readDockerConfig(written)
      assert.equal(buildDockerConfig(read, format), written)
      for (const { domains, username: name, password: secret } of read) {
        const owner = all.find((one) => one.domains.includes(domains[0] ?? ''))
        assert.deepEqual([name, secret], [owner?.username, owner?.password])
      }
    }),
    1000,
  )
})

test('content that another client wrote is parsed or rejected, and the error quotes nothing of it', async (t) => {
  const marked = fc.oneof(fc.constant('S3CR3T'), fc.constant(Buffer.from('u:S3CR3T').toString('base64')), fc.string())
  const entry = fc.oneof(
    anyValue,
    fc.record({ auth: marked, username: marked, password: marked }, { requiredKeys: [] }),
  )
  const auths = fc.oneof(anyValue, fc.dictionary(fc.oneof(domain, fc.string(), fc.constant('__proto__')), entry))
  const text = fc.oneof(
    fc.record({ auths }).map((value) => JSON.stringify(value)),
    fc.record({ auths }).map((value) => JSON.stringify(value).slice(0, -2)),
    fc.string({ unit: 'binary' }),
  )
  const property = fc.property(text, (content) => {
    try {
      for (const login of readDockerConfig(content)) {
        for (const part of [login.username, login.password, ...login.domains]) assert.equal(typeof part, 'string')
      }
    } catch (error) {
      assert.equal((error as { code?: string }).code, 'DOCKER_CONFIG_INVALID', String(error))
      assert.doesNotMatch(`${error}`, /S3CR3T|UzNDUjNU/)
    }
  })
  await fuzz(t, 'docker-config-reader', property, 1000)
})
