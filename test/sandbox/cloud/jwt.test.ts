import assert from 'node:assert/strict'
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { test } from 'node:test'
import { decodeJwt, signJwt, verifyJwt } from '../../../sandbox/cloud/sts/jwt.ts'

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const ec = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
const jwk = (key: KeyObject, kid: string) => ({ ...key.export({ format: 'jwk' }), kid })
const keys = [jwk(rsa.publicKey, 'r'), jwk(ec.publicKey, 'e')]

const es256 = (header: object): string => {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const signed = `${encode({ alg: 'ES256', ...header })}.${encode({ sub: 's' })}`
  const signature = sign('sha256', Buffer.from(signed), { key: ec.privateKey, dsaEncoding: 'ieee-p1363' })
  return `${signed}.${signature.toString('base64url')}`
}
const verified = (token: string, trustedKeys = keys): boolean => {
  const decoded = decodeJwt(token)
  return decoded !== undefined && verifyJwt(decoded, { keys: trustedKeys })
}

test('RS256 and ES256 tokens are verified with the key that they name, or with any key if they name none', () => {
  const rs256 = (header: object) => signJwt({ sub: 's' }, rsa.privateKey, header)
  assert.deepEqual(
    [verified(rs256({ kid: 'r' })), verified(rs256({})), verified(rs256({ kid: 'e' }))],
    [true, true, false],
  )
  assert.deepEqual(
    [verified(es256({ kid: 'e' })), verified(es256({})), verified(es256({ kid: 'r' }))],
    [true, true, false],
  )
  assert.equal(verified(rs256({ kid: 'r' }), []), false)
})

test('a modified token, another algorithm or a text that is not a token is rejected', () => {
  const [head, , signature] = signJwt({ sub: 's' }, rsa.privateKey, {}).split('.')
  const other = Buffer.from(JSON.stringify({ sub: 'admin' })).toString('base64url')
  assert.equal(verified(`${head}.${other}.${signature}`), false)
  for (const alg of ['none', 'HS256', 'PS256', undefined]) {
    assert.equal(verified(signJwt({ sub: 's' }, rsa.privateKey, { alg })), false, String(alg))
  }
  for (const text of ['', 'a.b', 'a.b.c', 'a.b.c.d', `${head}.MQ.x`]) assert.equal(decodeJwt(text), undefined, text)
})
