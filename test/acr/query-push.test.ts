import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type PushVerdict, queryPush } from '../../src/acr/query-push.ts'
import type { HttpRequest, HttpResponse } from '../../src/alibaba/transport/http-sender.ts'

const HOST = 'demo-registry.cn-hangzhou.cr.aliyuncs.com'
const TOKENS = 'https://dockerauth.cn-hangzhou.aliyuncs.com/auth'
const UPLOADS = `POST https://${HOST}/v2/team/app/blobs/uploads/`
const UPLOAD = `https://${HOST}/v2/team/app/blobs/uploads/0c5f?_state=x`
const REQUEST = { host: HOST, repository: 'team/app', username: 'u', password: 'p', issuedByAcr: true }
const CHALLENGE = { status: 401, headers: { 'www-authenticate': `Bearer realm="${TOKENS}",service="registry"` } }

type Reply = Partial<HttpResponse> | Error

/** Queries a registry that grants a token, and then gives these responses by method and address. */
async function query(replies: Readonly<Record<string, Reply>>) {
  const sent: HttpRequest[] = []
  const verdict = await queryPush(async (request) => {
    sent.push(request)
    const key = request.url.href.startsWith(TOKENS) ? TOKENS : `${request.method} ${request.url.href}`
    const isBearer = request.headers.authorization?.startsWith('Bearer') === true
    const reply = replies[isBearer ? `token ${key}` : key] ?? (key === TOKENS ? { text: '{"token":"t"}' } : CHALLENGE)
    if (reply instanceof Error) throw reply
    return { status: 200, headers: {}, text: '', ...reply }
  }, REQUEST)
  return { verdict, sent }
}

const error = (status: number, code: string): Reply => ({ status, text: JSON.stringify({ errors: [{ code }] }) })

test('a push is granted when the registry starts an upload, which is cancelled before any byte is sent', async () => {
  const { verdict, sent } = await query({
    [`token ${UPLOADS}`]: { status: 202, headers: { location: UPLOAD.replace(`https://${HOST}`, '') } },
    [`token DELETE ${UPLOAD}`]: { status: 204 },
  })
  const detail = `${HOST} responded with HTTP 202`
  assert.deepEqual(verdict, { grant: 'granted', detail, uploadRemains: false })
  assert.deepEqual(
    sent.map(({ method, url }) => `${method} ${url.href}`),
    [
      UPLOADS,
      `GET ${TOKENS}?service=registry&account=u&scope=repository%3Ateam%2Fapp%3Apull%2Cpush`,
      UPLOADS,
      `DELETE ${UPLOAD}`,
    ],
  )
  assert.deepEqual(
    sent.map(({ body }) => body ?? ''),
    ['', '', '', ''],
  )
})

test('an upload that the registry does not confirm as cancelled is reported; another host never receives the token', async () => {
  const started = (location: string): Reply => ({ status: 202, headers: { location } })
  const refused = await query({
    [`token ${UPLOADS}`]: started(UPLOAD),
    [`token DELETE ${UPLOAD}`]: { status: 405 },
  })
  assert.deepEqual([refused.verdict.grant, refused.verdict.uploadRemains], ['granted', true])
  const gone = await query({ [`token ${UPLOADS}`]: started(UPLOAD), [`token DELETE ${UPLOAD}`]: { status: 404 } })
  assert.equal(gone.verdict.uploadRemains, false)
  for (const location of [
    'https://store.oss-cn-hangzhou.aliyuncs.com/upload',
    `http://${HOST}/upload`,
    '',
    'http://[',
  ]) {
    const { verdict, sent } = await query({ [`token ${UPLOADS}`]: started(location) })
    assert.deepEqual([verdict.grant, verdict.uploadRemains], ['granted', true], location)
    assert.deepEqual([...new Set(sent.map(({ url }) => url.host))].sort(), [HOST, new URL(TOKENS).host].sort())
  }
})

test('a connection that is lost while the upload is cancelled does not change the answer about the push', async () => {
  const { verdict } = await query({
    [`token ${UPLOADS}`]: { status: 202, headers: { location: UPLOAD } },
    [`token DELETE ${UPLOAD}`]: Object.assign(new Error('lost'), { code: 'ECONNRESET' }),
  })
  assert.deepEqual([verdict.grant, verdict.uploadRemains], ['granted', true])
})

/** Source: `appendAccessRecords` in registry/handlers/app.go of distribution 3.1.2. */
test('a registry that asks for another right to cancel an upload is asked with that right', async () => {
  const asked = { status: 401, headers: CHALLENGE.headers }
  const { verdict, sent } = await query({
    [`token ${UPLOADS}`]: { status: 202, headers: { location: UPLOAD } },
    [`token DELETE ${UPLOAD}`]: asked,
  })
  assert.deepEqual([verdict.grant, verdict.uploadRemains], ['granted', true])
  const scopes = sent.flatMap(({ url }) => url.searchParams.get('scope') ?? [])
  assert.deepEqual(scopes, ['repository:team/app:pull,push', 'repository:team/app:delete'])
  assert.equal(sent.filter(({ method }) => method === 'DELETE').length, 2)
})

/**
 * Sources: OCI distribution specification, "Error Codes"; Docker token specification: a token
 * service grants the part of the scope that the client has, and the registry refuses the rest.
 */
const ANSWERS: readonly (readonly [string, Readonly<Record<string, Reply>>, PushVerdict['grant']])[] = [
  ['the token lacks the push', { [`token ${UPLOADS}`]: error(401, 'UNAUTHORIZED') }, 'denied'],
  ['the registry denies the push', { [`token ${UPLOADS}`]: error(403, 'DENIED') }, 'denied'],
  ['the token service refuses the login', { [TOKENS]: error(401, 'UNAUTHORIZED') }, 'denied'],
  ['an address list or a firewall refuses', { [`token ${UPLOADS}`]: { status: 403, text: 'blocked' } }, 'unknown'],
  ['the registry creates no repository', { [`token ${UPLOADS}`]: error(404, 'NAME_UNKNOWN') }, 'absent'],
  ['a proxy responds', { [`token ${UPLOADS}`]: { status: 404, text: '<html>' } }, 'unknown'],
  ['a captive portal responds', { [UPLOADS]: { text: '<html>' } }, 'unknown'],
  ['the registry needs no login', { [UPLOADS]: { status: 202, headers: { location: UPLOAD } } }, 'unknown'],
  ['the registry is busy', { [`token ${UPLOADS}`]: { status: 429 } }, 'unknown'],
  ['the token service is broken', { [TOKENS]: { status: 502, text: '' } }, 'unknown'],
  ['there is no response', { [UPLOADS]: Object.assign(new Error('secret'), { code: 'ECONNREFUSED' }) }, 'unknown'],
]
for (const [what, replies, grant] of ANSWERS) {
  test(`push, ${what}: ${grant}`, async () => {
    const { verdict } = await query(replies)
    assert.equal(verdict.grant, grant, verdict.detail)
    assert.equal(verdict.uploadRemains, false)
    assert.doesNotMatch(verdict.detail, /secret|html/)
  })
}

test('an interrupted query rejects', async () => {
  const controller = new AbortController()
  const send = async (): Promise<never> => {
    controller.abort(new Error('ended'))
    throw controller.signal.reason
  }
  await assert.rejects(queryPush(send, REQUEST, controller.signal), /ended/)
})
