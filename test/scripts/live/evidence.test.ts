import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createCallRecorder } from '../../../scripts/live/evidence.ts'
import type { HttpResponse } from '../../../src/alibaba/transport/http-sender.ts'

const SECRET = 'not to be kept'
const response = (status: number, text: string, headers: HttpResponse['headers'] = {}): HttpResponse => ({
  status,
  headers,
  text,
})

/** Records requests with these responses. An error is thrown instead of a response. */
async function record(...exchanges: readonly (readonly [url: string, action: string, HttpResponse | Error])[]) {
  const calls = createCallRecorder(async ({ url }) => {
    const [, , given] = exchanges.find(([one]) => new URL(one).href === url.href) ?? []
    if (given instanceof Error || given === undefined) throw given
    return given
  })
  for (const [url, action] of exchanges) {
    const headers: Record<string, string> = action === '' ? {} : { 'x-acs-action': action, authorization: SECRET }
    await calls.send({ url: new URL(url), method: 'GET', headers, body: SECRET, timeout: 1 }).catch(() => undefined)
  }
  const found = calls.take()
  assert.deepEqual(calls.take(), [])
  return found
}

test('a call is its operation, status, code, ID and number; nothing else is kept', async () => {
  const denied = response(403, JSON.stringify({ Code: 'NoPermission', RequestId: 'A-1', Message: SECRET }))
  const found = await record(
    ['https://ram.example/?a', 'GetPolicy', response(200, JSON.stringify({ RequestId: 'R-1', Policy: SECRET }))],
    ['https://ram.example/?b', 'GetPolicy', response(200, JSON.stringify({ RequestId: 'R-2' }))],
    ['https://ram.example/?c', 'GetPolicy', denied],
    [
      'https://cr.example/',
      'GetInstance',
      response(200, '{"IsSuccess":false,"Code":"INSTANCE_NOT_EXIST","RequestId":"R-3"}'),
    ],
    [
      'https://sts.example/?Action=AssumeRoleWithOIDC',
      '',
      response(401, '{"Code":"AuthenticationFail.OIDCToken.Expired"}'),
    ],
    ['https://x.example/v2/team/app/manifests/1', '', response(401, '{"errors":[{"code":"UNAUTHORIZED"}]}')],
    ['https://x.example/v2/team/app/tags/list', '', response(404, '{"errors":[{"code":"NAME_UNKNOWN"}]}')],
    ['https://auth.example/?scope=repository', '', response(200, `{"token":"${SECRET}"}`)],
    ['http://100.100.100.200/latest/api/token', '', response(200, SECRET)],
    ['https://issuer.example/', '', response(502, '<html>', { 'x-acs-request-id': 'R-4' })],
    ['https://issuer.example/keys', '', response(200, '{}')],
    ['https://cr.example/?down', 'ListInstance', Object.assign(new Error(SECRET), { code: 'ECONNREFUSED' })],
    ['https://cr.example/?slow', 'ListInstance', Object.assign(new Error(SECRET), { code: 23 })],
  )
  assert.deepEqual(found, [
    { call: 'GetPolicy', http: 200, requestId: 'R-2', times: 2 },
    { call: 'GetPolicy', http: 403, code: 'NoPermission', requestId: 'A-1', times: 1 },
    { call: 'GetInstance', http: 200, code: 'INSTANCE_NOT_EXIST', requestId: 'R-3', times: 1 },
    { call: 'AssumeRoleWithOIDC', http: 401, code: 'AuthenticationFail.OIDCToken.Expired', times: 1 },
    { call: 'registry manifest', http: 401, code: 'UNAUTHORIZED', times: 1 },
    { call: 'registry tags', http: 404, code: 'NAME_UNKNOWN', times: 1 },
    { call: 'registry token', http: 200, times: 1 },
    { call: 'instance metadata', http: 200, times: 1 },
    { call: 'issuer', http: 502, requestId: 'R-4', times: 1 },
    { call: 'issuer', http: 200, times: 1 },
    { call: 'ListInstance', http: 0, code: 'ECONNREFUSED', times: 1 },
    { call: 'ListInstance', http: 0, code: 'no response', times: 1 },
  ])
})

test('a code or an ID that is more than a word is not kept', async () => {
  const body = JSON.stringify({ Code: `Bad ${SECRET}`, RequestId: 'x'.repeat(81) })
  assert.deepEqual(await record(['https://ram.example/', 'GetRole', response(400, body)]), [
    { call: 'GetRole', http: 400, times: 1 },
  ])
})

test('a call that an interruption ends is not recorded', async () => {
  const calls = createCallRecorder(() => Promise.reject(new Error('aborted')))
  const request = { url: new URL('https://ram.example/'), method: 'GET', headers: {}, timeout: 1 }
  await assert.rejects(calls.send(request, AbortSignal.abort()))
  assert.deepEqual(calls.take(), [])
})
