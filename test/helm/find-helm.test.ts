import assert from 'node:assert/strict'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { findHelm } from '../../src/helm/find-helm.ts'
import { helmEnvironment } from '../../src/helm/helm-environment.ts'

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'acr-nopass-helm-'))
  t.after(() => rm(path, { recursive: true, force: true }))
  return path
}

/** Writes a program that reports to be a helm of this version. */
async function program(path: string, version: string): Promise<void> {
  await writeFile(path, `#!/bin/sh\necho ${version}\n`)
  await chmod(path, 0o755)
}

test('the first program called helm on PATH is used; a folder of that name is none', async (t) => {
  const path = await folder(t)
  await mkdir(join(path, 'first', 'helm'), { recursive: true })
  await program(join(path, 'helm'), 'v4.3.1')
  const helm = await findHelm({ environment: { PATH: `${join(path, 'first')}:${path}` }, home: path })
  assert.deepEqual([helm.path, helm.version.text], [join(path, 'helm'), 'v4.3.1'])
})

test('without a helm on PATH, the fix names the action that installs it', async (t) => {
  await assert.rejects(findHelm({ environment: { PATH: await folder(t) }, home: '' }), {
    code: 'HELM_NOT_FOUND',
    message: 'no `helm` on PATH',
    hint: 'Install Helm 3.18 or newer (or 4.x). In a workflow: the action `azure/setup-helm`, whose `downloadBaseURL` takes a mirror.',
  })
})

for (const [version, isSupported] of [
  ['v3.17.4', false],
  ['v3.18.0', true],
  ['v3.22.0', true],
  ['v4.0.0', true],
  ['v4.3.1', true],
  ['v5.0.0', false],
  ['v2.17.0', false],
  ['v4.3', true],
] as const) {
  test(`helm ${version} is ${isSupported ? 'used' : 'refused by its version'}`, async (t) => {
    const path = await folder(t)
    await program(join(path, 'helm'), version)
    const found = findHelm({ environment: { PATH: path }, home: path })
    if (isSupported) return assert.equal((await found).version.text, version)
    await assert.rejects(found, {
      code: 'HELM_VERSION_UNSUPPORTED',
      message: `${join(path, 'helm')} is helm ${version}; 3.18 or newer, or 4.x, is needed`,
    })
  })
}

test('nothing in the environment points a helm process at another cluster, namespace or user', () => {
  const parent = {
    PATH: '/bin',
    HOME: '/home/me',
    KUBECONFIG: 'x',
    HELM_KUBEAPISERVER: 'x',
    HELM_KUBETOKEN: 'x',
    HELM_KUBECONTEXT: 'x',
    HELM_NAMESPACE: 'x',
    HTTPS_PROXY: 'p',
  }
  const child = helmEnvironment(parent, '/run/helm')
  assert.deepEqual(
    Object.keys(child).filter((name) => /KUBE|NAMESPACE/.test(name)),
    ['KUBECACHEDIR'],
  )
  assert.deepEqual(
    [child.HTTPS_PROXY, child.HELM_CACHE_HOME, child.HELM_CONFIG_HOME, child.KUBECACHEDIR],
    ['p', '/run/helm/cache', '/run/helm/config', '/run/helm/kube'],
  )
  const byXdg = helmEnvironment({ HOME: '/home/me', XDG_CONFIG_HOME: '/xdg' }, '/run')
  assert.equal(byXdg.HELM_REGISTRY_CONFIG, '/xdg/helm/registry/config.json', 'L3')
  assert.equal(child.HELM_REGISTRY_CONFIG, '/home/me/.config/helm/registry/config.json')
})
