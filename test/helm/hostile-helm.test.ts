import assert from 'node:assert/strict'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { formatError, NopassError } from '../../src/errors.ts'
import { findHelm } from '../../src/helm/find-helm.ts'
import { helmEnvironment } from '../../src/helm/helm-environment.ts'
import { readEnd } from '../../src/helm/helm-process.ts'
import { readHelmError } from '../../src/helm/read-helm-error.ts'
import { parseManifest } from '../../src/helm/release/manifest.ts'
import { diffManifests } from '../../src/helm/release/manifest-diff.ts'
import { readRecord } from '../../src/helm/release/release-record.ts'
import { renderRelease, templateRelease } from '../../src/helm/release/render-release.ts'
import { runProgram } from '../../src/helm/run-helm.ts'
import { UNPRINTABLE } from '../text/runner-commands.ts'

const OPTIONS = {
  chart: 'c',
  valuesFiles: [],
  timeout: '1m',
  wait: true,
  forceConflicts: false,
  description: 'x',
}

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'acr-nopass-hostile-helm-'))
  t.after(() => rm(path, { recursive: true, force: true }))
  return path
}

async function program(t: TestContext, script: string): Promise<string> {
  const path = join(await folder(t), 'helm')
  await writeFile(path, `#!/bin/sh\n${script}\n`)
  await chmod(path, 0o755)
  return path
}

test('hostile helm: endless output is cut off, and the program killed', async (t) => {
  const path = await program(t, 'exec yes')
  const environment = { PATH: process.env.PATH ?? '' }
  await assert.rejects(runProgram(path, ['list'], environment, { bytes: 1024 * 1024 }), {
    code: 'HELM_FAILED',
    message: `${path} list wrote more than 1 MiB`,
  })
  await assert.rejects(findHelm({ path, environment, home: await folder(t) }), { code: 'HELM_NOT_FOUND' })
})

test('hostile helm: a program that does not exit is killed', async (t) => {
  const path = await program(t, 'exec sleep 1000')
  await assert.rejects(runProgram(path, ['version'], { PATH: process.env.PATH ?? '' }, { milliseconds: 100 }), {
    code: 'HELM_FAILED',
    message: `${path} version did not exit within 0.1 s`,
  })
})

test('P10 hostile helm: an interrupted run does not wait for a helm that hangs, not even for its version', async (t) => {
  const path = await program(t, 'exec sleep 1000')
  const environment = { PATH: process.env.PATH ?? '' }
  const interrupted = AbortSignal.abort(new NopassError('INTERRUPTED', 'ended'))
  const helm = { path, version: { major: 4, minor: 3, patch: 0, text: 'v4.3.0' }, environment }
  const target = { release: 'a', namespace: 'b', kubeconfig: 'c' }
  const known = { chart: 'c', values: {}, version: '1.37.0', installed: false }
  await assert.rejects(renderRelease(helm, target, OPTIONS, interrupted), { code: 'INTERRUPTED' })
  await assert.rejects(templateRelease(helm, target, OPTIONS, known, interrupted), { code: 'INTERRUPTED' })
  await assert.rejects(findHelm({ path, environment, home: await folder(t), signal: interrupted }), {
    code: 'INTERRUPTED',
  })
})

test('hostile helm: one that cannot be run is reported with the reason', async (t) => {
  const path = await program(t, 'kill -9 $$')
  const environment = { PATH: process.env.PATH ?? '' }
  await assert.rejects(findHelm({ path, environment, home: await folder(t) }), {
    code: 'HELM_NOT_FOUND',
    message: `${path} cannot be run: ${path} version was ended by SIGKILL`,
  })
})

test('hostile helm: only the version is shown of its version output', async (t) => {
  const path = await program(t, `printf 'v4.3.0\\033[31m\\n::error::x\\n'`)
  const { version } = await findHelm({ path, environment: { PATH: process.env.PATH }, home: await folder(t) })
  assert.deepEqual(version, { major: 4, minor: 3, patch: 0, text: 'v4.3.0' })
})

test('hostile helm: invalid JSON is an error that quotes nothing of it', async (t) => {
  const path = await program(t, `printf 'password: hunter2'`)
  const version = { major: 4, minor: 3, patch: 0, text: 'v4.3.0' }
  const helm = { path, version, environment: { PATH: process.env.PATH ?? '' } }
  await assert.rejects(
    renderRelease(helm, { release: 'a', namespace: 'b', kubeconfig: 'c' }, OPTIONS),
    (error: Error) => {
      assert.doesNotMatch(error.message, /hunter2|passw/)
      return 'code' in error && error.code === 'HELM_FAILED'
    },
  )
})

test('hostile helm: an error of any length and content is one line of text', async (t) => {
  const long = 'User "a" cannot '.repeat(4_000_000)
  const hostile = `${long}\nError: \u001b[2J##[add-mask]x\r\n::stop-commands::y\n${'z'.repeat(1_000_000)}`
  for (const stderr of [
    long,
    hostile,
    '',
    '\u0085\u2028',
    `Error: values don't meet the specifications of the schema\n- \u001b]0;x\u0007`,
  ]) {
    const lines = formatError(readHelmError(stderr, 'upgrade')).split('\n')
    assert.equal(lines.length, 2)
    for (const line of lines) {
      assert.doesNotMatch(line, UNPRINTABLE)
      assert.ok(line.length < 1000)
    }
  }
  const file = join(await folder(t), 'x.err')
  await writeFile(file, `${'a'.repeat(5_000_000)}end`)
  assert.equal((await readEnd(file)).length, 1024 * 1024)
  assert.match(await readEnd(file), /end$/)
})

test('hostile chart: aliases that grow and endless nesting make a chart unreadable', () => {
  const bomb = Array.from({ length: 40 }, (_, index) => `x${index + 1}: &x${index + 1} [${`*x${index}, `.repeat(9)}]`)
  const deep = `apiVersion: v1\nkind: A\nmetadata: { name: ${'['.repeat(200_000)} }\n`
  for (const text of [
    `x0: &x0 [a]\n${bomb.join('\n')}\n`,
    deep,
    'apiVersion: v1\nkind: [A]\nmetadata: { name: a }\n',
  ]) {
    assert.throws(() => parseManifest(text), { code: 'HELM_CHART' })
  }
})

test('hostile chart: objects that are too long are not compared line by line', () => {
  const object = (value: string): string =>
    `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\ndata:\n  x: |\n${value}`
  const lines = (word: string): string => `    ${word}\n`.repeat(20_000)
  const [change] = diffManifests(parseManifest(object(lines('a'))), parseManifest(object(lines('b'))))
  assert.equal(change?.diff, '- (20006 lines, too many to compare)\n+ (20006 lines, too many to compare)')
})

test('hostile cluster: a release record that unpacks to gigabytes, or to invalid JSON, is unreadable', async () => {
  const pack = (bytes: Buffer): string => gzipSync(bytes).toString('base64')
  await assert.rejects(readRecord(pack(Buffer.alloc(80 * 1024 * 1024))), { code: 'HELM_CHART' })
  await assert.rejects(readRecord(pack(Buffer.from('hunter2'))), (error: Error) => {
    assert.doesNotMatch(error.message, /hunter/)
    return 'code' in error && error.code === 'HELM_CHART'
  })
})

test('hostile environment: helm gets no plugin, no other cluster and nothing that is only for the action', () => {
  const parent = {
    PATH: '/bin',
    HOME: '/home/me',
    HELM_PLUGINS: '/evil',
    HELM_KUBEAPISERVER: 'https://evil.example.com',
    HELM_KUBETOKEN: 't',
    HELM_NAMESPACE: 'other',
    HELM_DEBUG: 'true',
    HELM_BIN: '/evil/helm',
    HELM_MAX_HISTORY: '1',
    HELM_NO_PLUGINS: '0',
    HELM_DRIVER: 'configmap',
    KUBECONFIG: '/evil/kubeconfig',
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: 't',
    INPUT_VALUES: 'v',
    ALIBABA_CLOUD_ACCESS_KEY_ID: 'k',
    HTTPS_PROXY: 'http://proxy.example:3128',
    no_proxy: '10.0.0.0/8',
  }
  const environment = helmEnvironment(parent, '/run')
  assert.deepEqual(Object.keys(environment).sort(), [
    'ALIBABA_CLOUD_ACCESS_KEY_ID',
    'HELM_CACHE_HOME',
    'HELM_CONFIG_HOME',
    'HELM_CONTENT_CACHE',
    'HELM_DATA_HOME',
    'HELM_DRIVER',
    'HELM_NO_PLUGINS',
    'HELM_PLUGINS',
    'HELM_REGISTRY_CONFIG',
    'HELM_REPOSITORY_CACHE',
    'HELM_REPOSITORY_CONFIG',
    'HOME',
    // Helm and the action reach the API server through the same proxy.
    'HTTPS_PROXY',
    'KUBECACHEDIR',
    'PATH',
    'no_proxy',
  ])
  assert.deepEqual([environment.HELM_PLUGINS, environment.HELM_NO_PLUGINS], ['/run/plugins', '1'])
})
