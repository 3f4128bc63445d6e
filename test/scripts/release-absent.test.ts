import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { parse } from 'yaml'
import { pushChart } from '../../scripts/release/push-chart.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const IMAGE = 'ghcr.io/acr-nopass/acr-nopass'
const VERSION = '0.404.0'

/**
 * Errors that do not say that the version is absent. containerd's resolver reports an absent
 * version after each registry responded with 404 (`%s: %w` of the reference and "not found"), and
 * buildx adds `ERROR: ` before it:
 * https://github.com/containerd/containerd/blob/main/core/remotes/docker/resolver.go
 */
const UNKNOWN = {
  'a token service that no longer exists':
    'failed to authorize: failed to fetch oauth token: unexpected status from GET request to https://ghcr.io/token: 404 Not Found',
  'a login program that is missing':
    'error getting credentials - err: exec: "docker-credential-x": executable file not found in $PATH',
  'a manifest that is too large': `rejecting 9000000 byte manifest for ${IMAGE}:${VERSION}: not found`,
  'a name without an address': 'lookup ghcr.io: host not found',
  'another version': `${IMAGE}:${VERSION}1: not found`,
  'no right': 'unexpected status from HEAD request: 403 Forbidden',
  'a registry that fails': 'unexpected status from HEAD request: 503 Service Unavailable',
  nothing: '',
}

test('an image is pushed only when the registry reports that exactly this version is not there', (t) => {
  const step = imageStep()
  const pushImage = (exit: number, error: string) => {
    const folder = program(t, 'docker', exit, error)
    const env = { PATH: `${folder}:/usr/bin:/bin`, IMAGE, VERSION, RUNNER_TEMP: folder }
    const { status, stdout } = spawnSync('bash', ['-e', '-o', 'pipefail', '-c', step], { env, encoding: 'utf8' })
    return { status, message: /::error::(.*)/.exec(stdout)?.[1] }
  }
  assert.deepEqual(pushImage(1, `ERROR: ${IMAGE}:${VERSION}: not found`), { status: 0, message: undefined })
  const there = { status: 1, message: `${IMAGE}:${VERSION} already exists; a version is never pushed twice` }
  assert.deepEqual(pushImage(0, ''), there)
  const unknown = { status: 1, message: `cannot determine whether ${IMAGE}:${VERSION} exists` }
  for (const [what, error] of Object.entries(UNKNOWN)) assert.deepEqual(pushImage(1, `ERROR: ${error}`), unknown, what)
  assert.deepEqual(pushImage(127, 'docker: command not found'), unknown)
})

test('a chart is pushed only when the registry reports that exactly this version is not there', async (t) => {
  const to = 'oci://ghcr.io/acr-nopass'
  const push = (error: string) => {
    const folder = program(
      t,
      'helm',
      1,
      error,
      `case "$*" in "show chart a.tgz") echo "name: acr-nopass\nversion: ${VERSION}"; exit 0;; push*) echo "Digest: sha256:${'0'.repeat(64)}"; exit 0;; esac`,
    )
    return pushChart({ helm: join(folder, 'helm'), archive: 'a.tgz', to, env: {} }, AbortSignal.timeout(60_000))
  }
  assert.equal(await push(`Error: ${IMAGE}:${VERSION}: not found`), `sha256:${'0'.repeat(64)}`)
  for (const [what, error] of Object.entries(UNKNOWN)) {
    const message = { message: new RegExp(`^cannot determine whether ${to}/acr-nopass ${VERSION} exists: `) }
    await assert.rejects(push(`Error: ${error}`), message, what)
  }
})

/** A program that writes `error` and exits with `exit`. */
function program(t: TestContext, name: string, exit: number, error: string, before = ''): string {
  const folder = mkdtempSync(join(tmpdir(), 'acr-nopass-release-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, 'error'), error)
  writeFileSync(join(folder, name), `#!/bin/sh\n${before}\ncat ${folder}/error >&2\nexit ${exit}\n`)
  chmodSync(join(folder, name), 0o755)
  return folder
}

function imageStep(): string {
  const { jobs } = parse(readFileSync(join(ROOT, '.github/workflows/release.yml'), 'utf8'))
  const steps: readonly { name?: string; run?: string }[] = jobs.image.steps
  return steps.find(({ name }) => name === 'No image of this version yet')?.run ?? assert.fail('no such step')
}
