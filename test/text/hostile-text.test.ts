import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { reportErrors } from '../../action/report-errors.ts'
import { writeLine } from '../../action/write-line.ts'
import { collectUnverified } from '../../src/alibaba/unverified.ts'
import { renderLegacy } from '../../src/cli/cleanup/cleanup-legacy.ts'
import { renderPodReport } from '../../src/cli/doctor/pod-report.ts'
import { renderReport } from '../../src/cli/doctor/report.ts'
import { paintFor, safeStream } from '../../src/cli/program/terminal.ts'
import { renderOutcome } from '../../src/cli/rollout/render-outcome.ts'
import { diagnose } from '../../src/doctor/diagnose.ts'
import { ERROR_CODES } from '../../src/error-codes.ts'
import { type ErrorCode, formatError, NopassError } from '../../src/errors.ts'
import { readHelmError } from '../../src/helm/read-helm-error.ts'
import { createEventReporter, type Log } from '../../src/helper/report/event-reporter.ts'
import { createStatusWriter } from '../../src/helper/report/status-object.ts'
import { errorFromResponse } from '../../src/kube/api-error.ts'
import type { KubeCall, KubeClient } from '../../src/kube/client.ts'
import type { ShellCommand } from '../../src/lib/shell-command.ts'
import { printable, withoutCommands } from '../../src/printable.ts'
import { type ClusterResult, describeError, printableResult } from '../../src/rollout/cluster-result.ts'
import { renderErrors, renderSummary } from '../../src/rollout/report/summary.ts'
import { explainErrors } from '../../src/values/explain.ts'
import { loadClusters } from '../../src/values/load-clusters.ts'
import { loadValues } from '../../src/values/load-values.ts'
import { runBin } from '../cli/run-bin.ts'
import { fixture, namespace, secret, stuckPod } from '../doctor/fixture.ts'
import { denied, registry, status } from '../helper/status-fixtures.ts'
import { createFakeClock } from '../kube/fake-clock.ts'
import { fuzz } from '../support/fuzz.ts'
import { hostileText } from './hostile.ts'
import { runnerCommands, UNPRINTABLE } from './runner-commands.ts'

const CODES = Object.keys(ERROR_CODES) as ErrorCode[]
const plain = paintFor({ write: () => undefined }, { env: {} })
const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'acr-nopass-hostile-'))
after(() => rmSync(folder, { recursive: true, force: true }))

/**
 * Asserts that a text has this many lines, and nothing that a terminal or a runner would execute.
 */
function assertHarmless(text: string, lines: number, what: string): void {
  const found = text.split('\n')
  for (const line of found)
    assert.doesNotMatch(line.replaceAll('\t', ''), UNPRINTABLE, `${what}: ${JSON.stringify(line)}`)
  assert.equal(found.length, lines, `${what}: ${JSON.stringify(text)}`)
}

/** Errors as the code creates them: from a server's response, from a file, from a cluster. */
function hostileError(code: ErrorCode, text: string): NopassError {
  return new NopassError(code, `the API server says: ${text}`, {
    hint: `Ask ${text}.`,
    reason: text,
    requestId: text,
    place: { cluster: text, namespace: text, file: text, line: 1, column: 1 },
    cause: new Error(text),
  })
}

test('an error with any code is two lines, in every readable format', async (t) => {
  const property = fc.property(fc.constantFrom(...CODES), hostileText, (code, text) => {
    const error = hostileError(code, text)
    assertHarmless(formatError(error), 2, 'formatError')
    assertHarmless(explainErrors([error], [{ name: text, text }]), 2, 'explainErrors')
    const lines = renderErrors('apply', [error]).trimEnd().split('\n')
    assert.equal(lines.length, 5)
    for (const line of lines) assert.doesNotMatch(line, UNPRINTABLE)
    // Asserts that the table has four columns whatever the text is, and contains no tag, link or
    // image.
    const row = lines[4] ?? ''
    assert.equal(row.replaceAll('\\|', '').split('|').length, 6, row)
    const shown = row.replaceAll(/\\.|`[^`]*`/g, '')
    assert.doesNotMatch(shown, /[[\]<]/, row)
  })
  await fuzz(t, 'hostile text in errors', property, 2000)
})

test('text from a server becomes one line, also outside of our own errors', async (t) => {
  const property = fc.property(hostileText, fc.integer({ min: 400, max: 599 }), (text, code) => {
    const body = JSON.stringify({ kind: 'Status', message: text, reason: text })
    assertHarmless(formatError(errorFromResponse(`GET /${text}`, code, body, undefined)), 2, body)
  })
  await fuzz(t, 'hostile text in responses', property, 500)
})

test('the action prints nothing that the runner interprets as a command, except its own annotations', async (t) => {
  let output = ''
  const write = (text: string): boolean => {
    output += text
    return true
  }
  const host = { stdout: { write }, env: {} } as unknown as NodeJS.Process
  const { GITHUB_OUTPUT } = process.env
  process.env.GITHUB_OUTPUT = join(folder, 'output')
  writeFileSync(process.env.GITHUB_OUTPUT, '')
  const property = fc.property(fc.constantFrom(...CODES), hostileText, hostileText, (code, text, other) => {
    output = ''
    writeLine(host, `${text}: ${other}`)
    writeLine(host, text)
    assert.deepEqual(runnerCommands(output), [])
    assertHarmless(output, 3, 'writeLine')
    output = ''
    const own = process.stdout.write
    process.stdout.write = write
    try {
      const errors = Array.from({ length: 10 }, (_, index) => hostileError(code, index === 0 ? text : other))
      reportErrors(errors, host, 'apply')
    } finally {
      process.stdout.write = own
      process.exitCode = 0
    }
    assert.deepEqual(
      runnerCommands(output),
      Array.from({ length: 10 }, () => 'error'),
    )
    // Nine annotations, the tenth error's two lines, the verdict, and the empty rest after it.
    assertHarmless(output, 13, 'reportErrors')
  })
  await fuzz(t, 'hostile text in the log of a job', property, 1000)
  if (GITHUB_OUTPUT === undefined) delete process.env.GITHUB_OUTPUT
  else process.env.GITHUB_OUTPUT = GITHUB_OUTPUT
})

test('the action writes to its log in one place only', () => {
  const files = ['guard-inputs', 'perform-run', 'perform-validate', 'post', 'report-errors', 'run-action', 'run-post']
  for (const file of files) {
    assert.doesNotMatch(readFileSync(join(root, 'action', `${file}.ts`), 'utf8'), /stdout|console/, file)
  }
})

test('a result has as many lines as its parts, in summary and terminal', async (t) => {
  const result = (text: string): ClusterResult =>
    printableResult({
      name: 'prod',
      wave: 0,
      status: 'failed',
      phase: 'deploy',
      revision: { from: 1, to: 2 },
      chart: `${text}-1`,
      startedMs: 0,
      durationMs: 10,
      notes: [`the API server would reject ${text}`],
      error: describeError(hostileError('KUBE_REFUSED', text)),
      plan: [{ title: `ConfigMap ${text}`, change: 'change', diff: `- ${text.replaceAll('\n', ' ')}\n+ b` }],
    })
  const unverified = (text: string) => collectUnverified([{ id: 'VPC_FALLBACK', subject: text }])
  const forms = (text: string) => {
    const outcome = { results: [result(text)], durationMs: 10, helm: '4.3.0', errors: [], unverified: unverified(text) }
    return [renderSummary({ mode: 'plan', ...outcome }), renderOutcome('plan', outcome, plain)]
  }
  const lines = forms('x').map((text) => text.split('\n').length)
  const property = fc.property(hostileText, (text) => {
    for (const [index, form] of forms(text).entries()) assertHarmless(form, lines[index] ?? 0, 'result')
  })
  await fuzz(t, 'hostile text in results', property, 1000)
})

test('every line of doctor and doctor pod is their own, and none was written by a Pod', async (t) => {
  const reports = (text: string): readonly string[] => {
    const pod = stuckPod({ image: `${text}/a:1`, detail: `failed to pull ${text}`, owner: `ReplicaSet/${text}` })
    const release = { ...(fixture().release ?? assert.fail('a release')), namespace: 'other', name: text }
    const observed = fixture({
      pods: [pod],
      namespaces: [namespace('shop')],
      secrets: new Map([['shop', secret({ otherManager: text, ours: false })]]),
      others: [release],
      addons: [text],
      missingRights: [`get ${text}`],
      status: { problems: [{ ...denied, message: text, fix: text, namespace: text, object: text }] },
      registries: [registry('prod', { state: 'failing', error: { ...denied, message: text, fix: text } })],
      cloud: { state: 'not-inspected', why: text },
      unread: [{ what: text, why: text }],
      server: `https://${text}`,
      kubernetes: text,
    })
    const node = { name: text, version: text, platform: 'linux/amd64', cachePolicy: text }
    const focused = { ...observed, focus: { pod, node, responses: new Map() } }
    const ofPod = renderPodReport(focused, diagnose(focused), plain)
    return [renderReport(observed, diagnose(observed), plain), ofPod]
  }
  // A text that is not a name in Kubernetes is in no command, like all hostile texts.
  const lines = reports('x y').map((text) => text.split('\n').length)
  assert.ok(lines.every((count) => count > 15))
  const property = fc.property(hostileText, (text) => {
    for (const [index, report] of reports(`x ${text}`).entries()) assertHarmless(report, lines[index] ?? 0, 'doctor')
  })
  await fuzz(t, 'hostile text in doctor', property, 500)
})

test('cleanup --legacy names what it finds only on its own lines', async (t) => {
  const forms = (text: string): string =>
    renderLegacy(
      {
        dryRun: true,
        dependents: [{ subject: text, why: text, fix: text, command: text as ShellCommand, confirm: text }],
        abandoned: [{ subject: `${text} `, why: text, fix: text, confirm: text }],
        plan: [text],
        done: [],
        kept: [{ serviceAccount: text, manager: text }],
        shared: [text],
        left: [],
        foreign: [{ host: text, usedBy: text, others: 1 }],
        secrets: [{ secret: text, namedBy: [text, text], expiry: text, command: text as ShellCommand }],
      },
      'acr-nopass',
    )
  const lines = forms('x').split('\n').length
  const property = fc.property(hostileText, (text) => assertHarmless(forms(text), lines, 'cleanup'))
  await fuzz(t, 'hostile text in cleanup', property, 200)
})

test('keys and values of a file are shown on the line of their error', async (t) => {
  const defaults = { name: 'chart/values.yaml', text: readFileSync(join(root, 'chart/values.yaml'), 'utf8') }
  const property = fc.property(hostileText, (hostile) => {
    const key = JSON.stringify(hostile)
    const files = [
      { name: 'values.yaml', text: `registries: []\n${key}: 1\n` },
      { name: 'values.yaml', text: `registries: []\nidentity: { type: ${key}, ${key}: ${key} }\n` },
      { name: 'values.yaml', text: `registries: []\nnodeSelector:\n  ${key}: a\n  ${key}: b\n` },
      { name: hostile, text: `registries: []\n? ${hostile}\n: x\n` },
    ]
    for (const file of files) {
      const { errors } = loadValues({ files: [file], defaults })
      for (const error of errors) {
        const text = explainErrors([error], [file])
        assertHarmless(text, text.includes('\n    | ') || / \| /.test(text.split('\n')[1] ?? '') ? 4 : 2, text)
      }
    }
    const { errors } = loadClusters({ name: 'clusters.yaml', text: `- name: a\n  ${key}: b\n` })
    for (const error of errors) assertHarmless(formatError(error), 2, 'clusters')
  })
  await fuzz(t, 'hostile text in files', property, 500)
})

test('validate prints no escape sequence, and no line of a file at the start of a line', async () => {
  const file = join(folder, 'inj.yaml')
  writeFileSync(file, 'registries: []\n"a\\n::error::b\\e[31m\\u202e": 1\nlogLevel: "x\\n  fix: c\\u001b[2J"\n')
  for (const env of [{}, { GITHUB_ACTIONS: 'true' }]) {
    const { stderr, stdout, code } = await runBin(['validate', '-f', file], { env })
    assert.equal(code, 2)
    assert.deepEqual(runnerCommands(stderr + stdout), [])
    for (const line of stderr.split('\n')) assert.doesNotMatch(line, UNPRINTABLE)
    assert.match(stderr, /there is no key `a\\n::error::b\\u001b\[31m\\u202e` at the top/)
  }
})

test('the final filter before a terminal keeps our own colors and leaves JSON unchanged', async (t) => {
  const property = fc.property(hostileText, fc.boolean(), (text, isTTY) => {
    let written = ''
    const env = { GITHUB_ACTIONS: 'true' }
    const stream = safeStream({ isTTY, write: (part) => (written += part) }, env)
    const data = { [text]: [text, 1] }
    stream.write(`${JSON.stringify(data, null, 2)}\n`)
    assert.deepEqual(JSON.parse(written), data)
    assert.deepEqual(runnerCommands(written), [])
    assert.doesNotMatch(written.replaceAll('\n', ''), UNPRINTABLE)
    written = ''
    const { red, bold } = paintFor(stream, { env: {} })
    stream.write(`${red(bold('x'))}\n`)
    assert.equal(written, isTTY ? '\u001b[31m\u001b[1mx\u001b[22m\u001b[39m\n' : 'x\n')
  })
  await fuzz(t, 'hostile text at the border', property, 500)
})

/**
 * What runtimes and registries write (https://github.com/containerd/containerd/issues/12491); each
 * secret part of it.
 */
const LEAKS: readonly { readonly text: string; readonly secrets: readonly string[]; readonly stays: string }[] = [
  {
    text: 'httpReadSeeker: failed open: unexpected status code https://aliregistry.oss-cn-hangzhou.aliyuncs.com/docker/registry/v2/blobs/sha256/ab/data?Expires=1772366400&OSSAccessKeyId=STS.NUexample&Signature=nS%2Bq0mOG7yexample%3D&security-token=CAISexample1%2F: 403 Forbidden',
    secrets: ['STS.NU', 'nS%2B', 'CAIS'],
    stays: 'blobs/sha256/ab/data?Expires=1772366400&',
  },
  {
    text: 'failed to do request: Get "https://b.oss-cn-beijing-internal.aliyuncs.com/x?x-oss-signature-version=OSS4-HMAC-SHA256&x-oss-credential=STS.NUexample%2F20260301&x-oss-security-token=CAISexample&x-oss-signature=4ac1example": dial tcp: lookup b on 10.0.0.2:53: no such host',
    secrets: ['STS.NU', 'CAIS', '4ac1'],
    stays: '": dial tcp: lookup b on 10.0.0.2:53: no such host',
  },
  {
    text: 'proxyconnect tcp: Get "http://robot%40team:p@ss-word1@mirror.example:5000/v2/": EOF',
    secrets: ['robot', 'ss-word1'],
    stays: '@mirror.example:5000/v2/": EOF',
  },
  {
    text: 'the webhook got Authorization: Basic cm9ib3Q6cHdk, bearer 0123456789abcdef, authorization=zyxwvu; 401',
    secrets: ['cm9ib3Q6cHdk', '0123456789abcdef', 'zyxwvu'],
    stays: '; 401',
  },
]

for (const { text, secrets, stays } of LEAKS) {
  test(`P6 a credential in the message of a node appears in no output: ${text.slice(0, 60)}`, async () => {
    // Some of these messages are cut within the credential.
    const error = hostileError('POD_FAILING', text)
    const result: ClusterResult = printableResult({
      name: 'prod',
      wave: 0,
      status: 'failed',
      phase: 'deploy',
      revision: { from: 1, to: 2 },
      chart: null,
      startedMs: 0,
      durationMs: 10,
      notes: [text],
      error: describeError(error),
      plan: [{ title: 'Deployment acr', change: 'change', diff: `- ${text}\n+ b` }],
    })
    const outcome = { results: [result], durationMs: 10, helm: '4.3.0', errors: [], unverified: [] }
    const pod = stuckPod({ detail: `failed to pull and unpack image "x": ${text}` })
    const observed = fixture({ pods: [pod], unread: [{ what: text, why: text }] })
    let streamed = ''
    const stream = safeStream({ write: (part) => (streamed += part) }, {})
    stream.write(JSON.stringify({ findings: diagnose(observed), errors: [{ message: text }] }))
    const focused = { ...observed, focus: { pod, node: null, responses: new Map() } }
    const outputs = {
      error: formatError(error),
      annotation: `${error.message} ${error.hint} ${error.reason}`,
      outputs: JSON.stringify(result),
      summary: renderSummary({ mode: 'plan', ...outcome }),
      terminal: renderOutcome('plan', outcome, plain),
      doctor: renderReport(observed, diagnose(observed), plain),
      'doctor pod': renderPodReport(focused, diagnose(focused), plain),
      JSON: streamed,
      response: errorFromResponse('GET /', 403, JSON.stringify({ message: text }), undefined).message,
    }
    for (const [output, shown] of Object.entries(outputs)) {
      for (const one of secrets) assert.ok(!shown.includes(one), `${output}: ${one}: ${shown}`)
    }
    assert.ok(outputs.error.includes(stays), outputs.error)
    assert.deepEqual(JSON.parse(streamed).errors.length, 1)
  })
}

test('P6 text that is not a credential is shown unchanged', () => {
  for (const text of [
    'repository does not exist or may require authorization: server message: insufficient_scope: authorization failed',
    'GET https://dockerauth.cn-hangzhou.aliyuncs.com/auth?scope=repository%3Ateam%2Fapp%3Apull&service=x: 401 Unauthorized',
    'write it as http://USER:PASSWORD@HOST:PORT',
    'demo-registry.cn-hangzhou.cr.aliyuncs.com/team/app:1@sha256:0123456789abcdef: basic authentication is needed',
    'docker-pullable://host:5000/nginx@sha256:0123456789abcdef, oci://charts@sha256:01, git+ssh://git@github.com/x',
    '-----BEGIN CERTIFICATE-----\\nMIIB; {"auth":true,"author":"me","secretName":"login","token":""}; LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t',
    '["-----BEGIN PRIVATE KEY-----", 1]',
    'authorization: basic auth is disabled; keyJournalNames; ?assigned=a&design=b&author=c&signal=d',
    'kubectl get --raw "/api/v1/pods?limit=5&labelSelector=a%3Db"; key=value; --set identity.existingSecret=login',
  ])
    assert.equal(printable(text), text)
})

/** More forms, each with the part that must not be shown. */
const FORMS: readonly (readonly [text: string, secret: string])[] = [
  ['{"Authorization":"Basic dXNlcjpwYXNz"}', 'dXNlcjpwYXNz'],
  ['map[Authorization:[Bearer AbCdEfGhIjKlMnOp]]', 'AbCdEfGh'],
  ['Authorization: OSS4-HMAC-SHA256 Credential=abc,Signature=def', 'def'],
  ['parse "http://robot:pa#ss@proxy:3128": invalid port', 'pa#ss'],
  ['{"url":"http:\\/\\/u:hidden@h"}', 'hidden'],
  ['HTTPS_PROXY=u:hidden@h:3128', 'hidden'],
  ['http%3A%2F%2Fu%3Ahidden%40h', 'hidden'],
  ['u=https%3A%2F%2Fb%2Fx%3FExpires%3D1%26Signature%3Dhidden', 'hidden'],
  ['https://ghp_hidden@github.com/x', 'hidden'],
  ['http://USER:PASSWORD@evil:hidden@proxy', 'hidden'],
  ['<Error><SignatureProvided>hidden</SignatureProvided></Error>', 'hidden'],
  ['<StringToSignBytes>50 55 54</StringToSignBytes>', '50 55'],
  // A key that stands where its file should be named, as in `client-key: LS0t…`.
  ...['PRIVATE', 'RSA PRIVATE', 'EC PRIVATE', 'OPENSSH PRIVATE', 'ENCRYPTED PRIVATE'].map((kind) => {
    const key = `-----BEGIN ${kind} KEY-----\nMIIEpAIBAAKCAQEA\n-----END ${kind} KEY-----\n`
    return [`/x/${Buffer.from(key).toString('base64')} cannot be read`, 'TUlJRXBBSUJBQUtDQVFFQ'] as const
  }),
  ['-----BEGIN EC PRIVATE KEY-----\nhidden\n-----END EC PRIVATE KEY-----', 'hidden'],
  ['"key":"-----BEGIN PRIVATE KEY-----\\nhidden\\n-----END PRIVATE KEY-----\\n"', 'hidden'],
  ['the webhook got -----BEGIN PRIVATE KEY-----\nhidden', 'hidden'],
  ['{"auths":{"r.example":{"username":"u","password":"hidden","auth":"dTp4"}}}', 'hidden'],
  ['{"auths":{"r.example":{"auth":"dTpoaWRkZW4="}}}', 'dTpo'],
  ['denied: "{\\"Credentials\\": {\\"AccessKeySecret\\": \\"hidden\\"}}"', 'hidden'],
  ['{"SecurityToken":"hidden","id_token":"hidden"}', 'hidden'],
  ['%26Signature%3Dhidden', 'hidden'],
  ['the header was Basic dXNlcjpoaWRkZW4x', 'dXNlcj'],
]

test('P6 credentials in headers, proxy variables, encoded URLs and responses of OSS are redacted', () => {
  for (const [text, secret] of FORMS) assert.ok(!printable(text).includes(secret), printable(text))
})

// typed/validate.go and typed/helpers.go of sigs.k8s.io/structured-merge-diff 6.4.2, by which the
// API server refuses `stringData: { pin: 12345678 }`.
test('P6 a value of a Secret that the API server refuses for its type is not shown, neither by us nor by helm', () => {
  const refused = (what: string): string => `failed to create typed patch object (n/s; /v1, Kind=Secret): ${what}`
  for (const value of ['&value.valueUnstructured{Value:12345678}', '&{a "hidden"\nhidden}', '&{map[a:hidden]}']) {
    for (const type of ['string', 'boolean', 'any scalar', 'map', 'list']) {
      const text = refused(`.stringData.pin: expected ${type}, got ${value}`)
      const { message } = errorFromResponse('PATCH /x', 422, JSON.stringify({ message: text }), undefined)
      assert.match(message, new RegExp(`pin: expected ${type}, got \\(redacted\\)$`))
      const { message: said } = readHelmError(`Error: UPGRADE FAILED: ${text}\n`, 'upgrade')
      assert.doesNotMatch(said, /hidden|12345678/)
    }
  }
  const each = ['a', 'b'].map((key) => `  .data.${key}: expected string, got &{hidden\nhidden}`)
  const { message } = errorFromResponse('GET /', 422, JSON.stringify({ message: refused(each.join('\n')) }), undefined)
  assert.match(
    message,
    /\.data\.a: expected string, got \(redacted\)\\n {2}\.data\.b: expected string, got \(redacted\)$/,
  )
})

test('P6 a text that was redacted stays as it is when it is printed again', () => {
  for (const text of [
    ...LEAKS.map(({ text }) => text),
    ...FORMS.map(([text]) => text),
    '?token=eyJhbGciOiJIUzI1NiJ9.e.s',
  ]) {
    assert.equal(printable(printable(text)), printable(text))
    assert.ok(!printable(text).includes('(redacted))'), printable(text))
  }
})

test('P6 a credential of millions of characters is found, and a refused call that quotes it keeps its status', () => {
  for (const start of [
    'eyJ',
    'bearer 1',
    '?token=',
    'authorization: oss ',
    '"auth":"',
    '-----BEGIN PRIVATE KEY-----',
  ]) {
    const text = start + 'a'.repeat(8_000_000)
    assert.match(printable(text).slice(0, 40), /\(redacted\)/)
    const error = errorFromResponse('GET /', 403, JSON.stringify({ message: text }), undefined)
    assert.deepEqual([error.status, error.code], [403, 'KUBE_FORBIDDEN'])
  }
})

test('Events, the status object and the page contain no control character', async (t) => {
  const silent = { isLevelEnabled: () => false, debug() {}, info() {}, warn() {}, error() {} } satisfies Log
  const property = fc.asyncProperty(hostileText, async (text) => {
    const calls: KubeCall[] = []
    const client = {
      request: async (call: KubeCall) => void calls.push(call),
    } as unknown as KubeClient
    const clock = createFakeClock()
    const subject = { apiVersion: 'v1', kind: 'Namespace', name: 'shop', namespace: 'shop' }
    createEventReporter({ client, clock, log: silent, instance: 'pod', signal: new AbortController().signal }).warn(
      subject,
      'WriteRefused',
      text,
    )
    const problem = { ...denied, message: text, fix: text, namespace: text, object: text, reason: text }
    const report = status({ problems: [problem], leader: text, registries: [registry(text, { error: problem })] })
    const writer = createStatusWriter({
      client,
      clock,
      namespace: 'home',
      name: 's',
      build: () => report,
      busy: () => false,
      mayWrite: () => true,
      onProblem: (error) => assert.fail(String(error)),
    })
    writer.touch()
    await clock.advance(1_000)
    writer.stop()
    const [event, object] = calls.map(({ body }) => body as Record<string, unknown>)
    assert.doesNotMatch(String(event?.message), UNPRINTABLE)
    const data = JSON.parse((object?.data as Record<string, string> | undefined)?.['status.json'] ?? '')
    JSON.stringify(data, (key, value) => {
      assert.doesNotMatch(`${key}${typeof value === 'string' ? value : ''}`, UNPRINTABLE)
      return value
    })
  })
  await fuzz(t, 'hostile text in objects', property, 200)
})

test("the helper's log has one line of JSON per event, without unprintable characters", () => {
  const flag = `--${'\u009b31m\u202e\u2028'}\n::error::x`
  const { stdout } = spawnSync(process.execPath, [join(root, 'src/helper/main.ts'), flag], { encoding: 'utf8' })
  const lines = stdout.trimEnd().split('\n')
  assert.equal(lines.length, 1)
  assert.doesNotMatch(lines[0] ?? '', UNPRINTABLE)
  assert.match(JSON.parse(lines[0] ?? '').msg, /\\u009b31m\\u202e\\u2028\\n::error::x/)
})

test('security: a text of only blank lines is searched for commands without delay', () => {
  const text = '\n'.repeat(200_000)
  const started = performance.now()
  assert.equal(withoutCommands(text), text)
  assert.ok(performance.now() - started < 20_000)
})

test('security: a truncated Event ends with a complete character', async () => {
  const messages: string[] = []
  const request = async (call: KubeCall) => {
    messages.push((call.body as { message: string }).message)
  }
  const client = { request } as unknown as KubeClient
  const reporter = createEventReporter({
    client,
    clock: createFakeClock(),
    log: {} as Log,
    instance: 'pod',
    signal: new AbortController().signal,
  })
  const subject = { apiVersion: 'v1', kind: 'Namespace', name: 'n', namespace: 'n' }
  reporter.warn(subject, 'Reason', `${'x'.repeat(999)}😀`)
  assert.equal(messages.length, 1)
  assert.ok(messages[0]?.isWellFormed())
})
