import assert from 'node:assert/strict'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Revision } from '../../src/helm/release/release-state.ts'
import type { KubeCall, KubeClient } from '../../src/kube/client.ts'
import type { OpenRelease } from '../../src/rollout/release/open-release.ts'
import { createRunFolder } from '../../src/rollout/run-folder.ts'
import { removeRelease, requireNoHelper } from '../../src/rollout/uninstall/uninstall-cluster.ts'

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

for (const [title, deployments, expected] of [
  ['that runs stops the uninstall', [{ spec: { replicas: 2 } }], 'HELPER_AT_WORK'],
  ['whose number of replicas is the default stops it', [{}], 'HELPER_AT_WORK'],
  ['that was stopped does not', [{ spec: { replicas: 0 } }], undefined],
  ['that is being deleted does not', [{ metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } }], undefined],
  ['that is not there does not', [], undefined],
] as const) {
  test(`P15 without a record of Helm nothing is removed while a helper may need it: a helper ${title}`, async (t) => {
    const calls: KubeCall[] = []
    const items = deployments.map((one) => ({
      ...one,
      metadata: { namespace: 'n', name: 'r', ...('metadata' in one && one.metadata) },
    }))
    const request = async (call: KubeCall) => {
      calls.push(call)
      return { items }
    }
    const caller = { client: { request } as unknown as KubeClient, signal: t.signal }
    const outcome = requireNoHelper({ ...caller, target: { namespace: 'n', release: 'r' } })
    assert.equal(
      await outcome.then(
        () => undefined,
        (error) => error.code,
      ),
      expected,
    )
    assert.deepEqual(
      calls.map(({ method, path, query }) => [method, path, query?.labelSelector]),
      [
        [
          'GET',
          '/apis/apps/v1/namespaces/n/deployments',
          'app.kubernetes.io/name=acr-nopass,app.kubernetes.io/instance=r',
        ],
      ],
    )
  })
}
