import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readRequest } from '../../src/node/provider/provider-request.ts'
import { renderResponse } from '../../src/node/provider/provider-response.ts'
import { requestOf } from '../support/node/provider-bench.ts'

const jwt = (claims: object): string => `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2ln`
const CLAIMS = { 'kubernetes.io': { namespace: 'shop', serviceaccount: { name: 'web', uid: 'u1' } } }

test('a request with a token names the ServiceAccount, and a request without one names none', () => {
  assert.deepEqual(readRequest(requestOf({ image: 'h/a' })), { image: 'h/a' })
  const token = jwt(CLAIMS)
  const annotations = { 'acr-nopass.io/role-arn': 'r' }
  const request = { image: 'h/a', serviceAccountToken: token, serviceAccountAnnotations: annotations }
  const account = { namespace: 'shop', name: 'web', uid: 'u1', token, annotations }
  assert.deepEqual(readRequest(requestOf(request)), { image: 'h/a', account })
})

test('what is not a request of the kubelet is refused without being quoted', () => {
  const secret = 'kept-secret'
  const texts = [
    '',
    secret,
    JSON.stringify({ image: secret }),
    requestOf({ image: 1 }),
    requestOf({ image: 'h/a', apiVersion: 'credentialprovider.kubelet.k8s.io/v1beta1' }),
    requestOf({ image: 'h/a', serviceAccountToken: secret }),
    requestOf({ image: 'h/a', serviceAccountToken: jwt({ 'kubernetes.io': { namespace: 'shop' } }) }),
  ]
  for (const text of texts) {
    assert.throws(
      () => readRequest(text),
      (error: Error & { code?: string }) => {
        assert.equal(error.code, 'NODE_REQUEST_INVALID')
        assert.ok(!error.message.includes(secret))
        return true
      },
    )
  }
})

test('a response has the login under its domain, and the empty response is not kept', () => {
  const login = { username: 'u', password: 'p', domain: 'h/a', cacheKeyType: 'Registry', cacheSeconds: 59.9 } as const
  const common = { apiVersion: 'credentialprovider.kubelet.k8s.io/v1', kind: 'CredentialProviderResponse' }
  const auth = { 'h/a': { username: 'u', password: 'p' } }
  assert.deepEqual(JSON.parse(renderResponse(login)), {
    ...common,
    cacheKeyType: 'Registry',
    cacheDuration: '59s',
    auth,
  })
  const empty = { ...common, cacheKeyType: 'Image', cacheDuration: '0s', auth: {} }
  assert.deepEqual(JSON.parse(renderResponse(undefined)), empty)
})
