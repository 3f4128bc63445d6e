import assert from 'node:assert/strict'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Revision } from '../../src/helm/release/release-state.ts'
import type { OpenRelease } from '../../src/rollout/deploy/open-release.ts'
import { createRunFolder } from '../../src/rollout/run-folder.ts'
import { removeRelease } from '../../src/rollout/uninstall/uninstall-cluster.ts'

const revision = (number: number, status: Revision['status']): Revision => ({ revision: number, status, updated: '' })
const SEEN = revision(2, 'deployed')

for (const [title, now, expected] of [
  ['as this run saw it is uninstalled', SEEN, 'uninstall r'],
  ['that another deployer upgraded meanwhile stays', revision(3, 'deployed'), 'RELEASE_CHANGED'],
  ['that another deployer is upgrading stays', revision(3, 'pending-upgrade'), 'RELEASE_CHANGED'],
  ['that failed meanwhile stays', revision(2, 'failed'), 'RELEASE_CHANGED'],
  ['that another deployer uninstalled meanwhile is not uninstalled again', undefined, 'RELEASE_CHANGED'],
] as const) {
  test(`a release ${title}`, { skip: process.platform === 'win32' }, async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'acr-nopass-remove-'))
    t.after(() => rm(folder, { recursive: true, force: true }))
    const log = join(folder, 'calls')
    await writeFile(log, '')
    const path = join(folder, 'helm')
    await writeFile(path, `#!/bin/sh\necho "$1 $2" >> ${log}\n`)
    await chmod(path, 0o700)
    const version = { major: 4, minor: 3, patch: 1, text: '4.3.1' }
    const release = {
      cluster: 'c',
      helm: { path, environment: { PATH: '/usr/bin:/bin' }, version },
      folder: await createRunFolder(folder),
      target: { release: 'r', namespace: 'n', kubeconfig: 'k' },
      timeout: '5m',
      signal: t.signal,
      history: async () =>
        [revision(1, 'superseded'), ...(now === undefined ? [] : [now])].slice(now === undefined ? 1 : 0),
    }
    const outcome = await removeRelease(release as unknown as OpenRelease, SEEN).then(
      () => undefined,
      (error) => error.code as string,
    )
    assert.equal(outcome ?? (await readFile(log, 'utf8')).trim(), expected)
    if (outcome !== undefined) assert.equal(await readFile(log, 'utf8'), '')
  })
}
