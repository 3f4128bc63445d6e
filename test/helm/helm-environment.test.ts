import assert from 'node:assert/strict'
import { platform } from 'node:os'
import { test } from 'node:test'
import { helmEnvironment } from '../../src/helm/helm-environment.ts'
import { runProgram } from '../../src/helm/run-helm.ts'

const FOLDERS = {
  KUBECACHEDIR: '/run/kube',
  HELM_CACHE_HOME: '/run/cache',
  HELM_CONFIG_HOME: '/run/config',
  HELM_DATA_HOME: '/run/data',
  HELM_PLUGINS: '/run/plugins',
  HELM_NO_PLUGINS: '1',
  HELM_REPOSITORY_CACHE: '/run/cache/repository',
  HELM_REPOSITORY_CONFIG: '/run/config/repositories.yaml',
  HELM_CONTENT_CACHE: '/run/cache/content',
}

test("helm gets folders of the run, the user's storage of releases, and nothing that selects a cluster or holds a runner's secret", () => {
  const kept = {
    PATH: '/bin',
    HELM_DRIVER: 'sql',
    HELM_DRIVER_SQL_CONNECTION_STRING: 'a',
    MY_HELM_HOME: 'b',
    ACTION: 'c',
  }
  const dropped = {
    HELM_KUBECONTEXT: 'a',
    HELM_NAMESPACE: 'a',
    HELM_DRIVER_OTHER: 'a',
    helm_debug: 'a',
    KUBECONFIG: 'a',
    ACTIONS_RUNTIME_TOKEN: 'a',
    INPUT_TOKEN: 'a',
    INPUT_: 'a',
    UNSET: undefined,
  }
  assert.deepEqual(helmEnvironment({ ...kept, ...dropped }, '/run'), { ...kept, ...FOLDERS })
})

test("the user's login at a private chart's registry stays, wherever helm finds it", () => {
  const inHome = platform() === 'darwin' ? '/home/me/Library/Preferences/helm' : '/home/me/.config/helm'
  const found = (parent: NodeJS.ProcessEnv): string | undefined => helmEnvironment(parent, '/run').HELM_REGISTRY_CONFIG
  const all = {
    HELM_REGISTRY_CONFIG: '/own.json',
    HELM_CONFIG_HOME: '/helm',
    XDG_CONFIG_HOME: '/xdg',
    HOME: '/home/me',
  }
  const { HELM_REGISTRY_CONFIG: _first, ...second } = all
  const { HELM_CONFIG_HOME: _second, ...third } = second
  assert.deepEqual(
    [found(all), found(second), found(third), found({ ...third, XDG_CONFIG_HOME: '' }), found({ HOME: '/home/me' })],
    [
      '/own.json',
      '/helm/registry/config.json',
      '/xdg/helm/registry/config.json',
      `${inHome}/registry/config.json`,
      `${inHome}/registry/config.json`,
    ],
  )
  for (const parent of [{}, { HOME: '' }, { HOME: '/home/me', HELM_CONFIG_HOME: '' }])
    assert.equal(found(parent), undefined)
})

test('the output and the exit code of a program are returned; if a signal ended it, the error names the signal', async () => {
  const run = (script: string) => runProgram('/bin/sh', ['-c', script], { PATH: '/bin:/usr/bin', ONE: 'two' })
  assert.deepEqual(await run('echo "$ONE"; echo err >&2'), { exitCode: 0, stdout: 'two\n', stderr: 'err\n' })
  assert.deepEqual(await run('echo out; echo err >&2; exit 3'), { exitCode: 3, stdout: 'out\n', stderr: 'err\n' })
  await assert.rejects(run('kill -TERM $$'), { code: 'HELM_FAILED', message: '/bin/sh -c was ended by SIGTERM' })
  await assert.rejects(runProgram('/nonexistent/helm', [], {}), { code: 'ENOENT' })
})
