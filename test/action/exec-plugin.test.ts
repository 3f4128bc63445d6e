import assert from 'node:assert/strict'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { stringify } from 'yaml'
import { runAction } from './support/run-action.ts'

const VALUES =
  'registries: [{ name: prod, edition: enterprise, instanceId: cri-k7x2m9q4w1t8z5h3, region: cn-hangzhou }]\nidentity: { type: access-key, accessKey: { existingSecret: key } }\n'

/**
 * Runs a job for this event in a repository whose kubeconfig has a plugin. The plugin writes its
 * environment to a file.
 */
async function runPlugin(t: TestContext, event: string) {
  const folder = await mkdtemp(join(tmpdir(), 'acr-nopass-exec-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const environmentFile = join(folder, 'seen')
  const exec = {
    apiVersion: 'client.authentication.k8s.io/v1',
    interactiveMode: 'Never',
    command: 'sh',
    args: ['-c', `env > '${environmentFile}'; exit 1`],
  }
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:1' } }],
    users: [{ name: 'u', user: { exec } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  }
  await writeFile(join(folder, 'kubeconfig'), stringify(kubeconfig))
  await writeFile(join(folder, 'values.yaml'), VALUES)
  await writeFile(join(folder, 'helm'), '#!/bin/sh\necho v4.3.1\n')
  await chmod(join(folder, 'helm'), 0o755)
  const outcome = await runAction({
    inputs: { mode: 'plan', kubeconfig: 'kubeconfig', 'values-files': 'values.yaml', ram: 'none' },
    env: {
      PATH: `${folder}:${process.env.PATH}`,
      GITHUB_EVENT_NAME: event,
      ACTIONS_ID_TOKEN_REQUEST_URL: 'https://127.0.0.1:1/',
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'the right to a token',
      ALIBABA_CLOUD_ACCESS_KEY_ID: 'id',
      ALIBABA_CLOUD_ACCESS_KEY_SECRET: 'the secret of the user',
    },
    workspace: folder,
  })
  t.after(() => rm(outcome.temp, { recursive: true, force: true }))
  return { outcome, environment: await readFile(environmentFile, 'utf8').catch(() => undefined) }
}

test("a plugin of a kubeconfig gets the user's variables, and none of the runner or of our inputs", async (t) => {
  const { environment = assert.fail('the plugin was not run'), outcome } = await runPlugin(t, 'push')
  const names = environment.split('\n').map((line) => line.split('=')[0] ?? '')
  assert.deepEqual(
    names.filter((name) => /^(ACTIONS|INPUT)_/.test(name)),
    [],
  )
  assert.ok(names.includes('ALIBABA_CLOUD_ACCESS_KEY_SECRET'))
  assert.ok(outcome.masks.includes('the secret of the user'))
  assert.match(outcome.outputs.results ?? '', /KUBECONFIG_INVALID/)
})

for (const event of ['pull_request', 'pull_request_target']) {
  test(`on ${event} a plugin of the repository is not run`, async (t) => {
    const { environment, outcome } = await runPlugin(t, event)
    assert.equal(environment, undefined)
    assert.equal(outcome.code, 1)
    assert.match(outcome.annotations[0]?.title ?? '', /KUBECONFIG_REFUSED/, outcome.stdout)
  })
}
