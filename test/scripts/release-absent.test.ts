import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { inspectBase } from '../../scripts/release/base-image.ts'
import { requireAbsent } from '../../scripts/release/image-absent.ts'
import { pushChart } from '../../scripts/release/push-chart.ts'

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

test('an image is pushed only when the registry reports that exactly this version is not there', async (t) => {
  const signal = AbortSignal.timeout(60_000)
  const require = (exit: number, error: string): Promise<void> => {
    const PATH = `${program(t, 'docker', exit, error)}:/usr/bin:/bin`
    return requireAbsent(`${IMAGE}:${VERSION}`, { PATH }, signal)
  }
  await require(1, `ERROR: ${IMAGE}:${VERSION}: not found`)
  const there = { message: `${IMAGE}:${VERSION} already exists; a version is never pushed twice` }
  await assert.rejects(require(0, ''), there)
  const unknown = { message: new RegExp(`^cannot determine whether ${IMAGE}:${VERSION} exists: `) }
  for (const [what, error] of Object.entries(UNKNOWN)) {
    await assert.rejects(require(1, `ERROR: ${error}`), unknown, what)
  }
  await assert.rejects(requireAbsent(`${IMAGE}:${VERSION}`, { PATH: '/nowhere' }, signal), unknown)
})

test('a base image is used only by digest and for both platforms, and a tag that has moved is reported', async (t) => {
  const digest = `sha256:${'a'.repeat(64)}`
  const file = (text: string): string => {
    const folder = mkdtempSync(join(tmpdir(), 'acr-nopass-base-'))
    t.after(() => rmSync(folder, { recursive: true, force: true }))
    writeFileSync(join(folder, 'Containerfile'), text)
    return join(folder, 'Containerfile')
  }
  const inspect = (text: string, platforms: readonly string[], newest: string) => {
    const lines = platforms.map((platform) => `  Platform:    ${platform}`).join('\n')
    const PATH = `${program(t, 'docker', 0, '', `case "$*" in *--format*) echo ${newest};; *) printf '%s\n' '${lines}';; esac`)}:/bin`
    return inspectBase(file(text), { PATH }, AbortSignal.timeout(60_000))
  }
  const pinned = `docker.io/library/node:24@${digest}`
  const text = `ARG BASE=${pinned}\nFROM \${BASE}\n`
  const both = ['linux/amd64', 'linux/arm64/v8']
  assert.deepEqual(await inspect(text, both, digest), { pinned, moved: undefined })
  const newer = `sha256:${'b'.repeat(64)}`
  assert.deepEqual(await inspect(text, both, newer), { pinned, moved: newer })
  await assert.rejects(inspect(text, ['linux/amd64', 'linux/arm/v7'], digest), {
    message: `${pinned} has no image for linux/arm64`,
  })
  await assert.rejects(inspect('ARG BASE=node:24\n', both, digest), /pins no base image by digest/)
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
