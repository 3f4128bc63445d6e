import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { diagnose } from '../../src/doctor/diagnose.ts'
import type { Observed } from '../../src/doctor/observed.ts'
import { findRelease } from '../../src/installation/find-release.ts'
import { installed, labelled, labelledCluster } from '../support/labelled-cluster.ts'
import { admission, fixture } from './fixture.ts'

/** Returns the commands that doctor prints for these findings, each once. */
const commandsOf = (observed: Observed): readonly string[] => [
  ...new Set(diagnose(observed).flatMap(({ command }) => command ?? [])),
]

/** Runs a command in a shell where `helm` and `kubectl` only record their arguments. */
async function run(t: TestContext, command: string, helm: string): Promise<readonly string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'acr-nopass-commands-'))
  t.after(() => rm(folder, { recursive: true }))
  const program = async (name: string, then: string): Promise<void> => {
    const file = join(folder, name)
    await writeFile(file, `#!/bin/sh\necho ${name} "$@" >> '${folder}/calls'\n${then}\n`)
    await chmod(file, 0o755)
  }
  await program('helm', helm)
  await program('kubectl', 'cat > /dev/null')
  const PATH = `${folder}:${process.env.PATH}`
  await new Promise((resolve) => {
    execFile('/bin/sh', ['-c', command], { cwd: folder, env: { PATH } }, resolve).stdin?.end()
  })
  return (await readFile(join(folder, 'calls'), 'utf8')).trim().split('\n')
}

const inactive = fixture({
  config: { attach: 'admission' },
  admission: admission({ tried: new Map([['shop', 'unreferenced']]) }),
})

// For installs by Argo CD or plain manifests, Helm has no manifest to apply. The delete must then
// not run either.
test('the command for an inactive policy deletes nothing if Helm has no release to recreate it from', async (t) => {
  const [command = ''] = commandsOf(inactive)
  assert.match(command, /kubectl delete mutatingadmissionpolicy /)
  assert.deepEqual(await run(t, command, 'echo "Error: release: not found" >&2; exit 1'), [
    'helm -n acr-nopass get manifest acr-nopass',
  ])
})

test('the command for an inactive policy fetches the manifest, deletes the policy, and applies the manifest', async (t) => {
  const [command = ''] = commandsOf(inactive)
  assert.deepEqual(await run(t, command, 'echo "kind: List"'), [
    'helm -n acr-nopass get manifest acr-nopass',
    'kubectl delete mutatingadmissionpolicy acr-nopass.acr-nopass.acr-nopass',
    'kubectl -n acr-nopass apply --server-side --force-conflicts --field-manager=helm -f acr-nopass.yaml',
  ])
})

/**
 * The names in an umbrella chart `apps` that uses the chart under the alias `Base_Pull`
 * (test/contract/chart-names.test.ts).
 */
const ALIASED = { name: 'apps-base-pull', fullname: 'apps-base-pull', helmRelease: 'apps' }

test('under an alias doctor names the umbrella release for Helm, and applies nothing of its other charts', () => {
  assert.deepEqual(commandsOf(fixture({ release: ALIASED, deployment: null })), [
    'helm -n acr-nopass get manifest apps | kubectl -n acr-nopass apply --server-side --force-conflicts --field-manager=helm -l app.kubernetes.io/instance=apps-base-pull -f -',
  ])
  const own = 'acr-nopass.acr-nopass.apps-base-pull'
  const bound = [own, ...['secrets', 'serviceaccounts', 'leases', 'configmaps'].map((kind) => `${own}.${kind}`)]
  const tried = {
    config: { attach: 'admission' },
    admission: admission({ bound, tried: new Map([['shop', 'unreferenced']]) }),
  } as const
  assert.ok(
    commandsOf(fixture({ release: ALIASED, ...tried })).some((command) =>
      command.startsWith(
        'helm -n acr-nopass get manifest apps > apps.yaml && kubectl delete mutatingadmissionpolicy acr-nopass.acr-nopass.apps-base-pull && ',
      ),
    ),
  )
})

test('under an alias doctor prints no upgrade and no uninstall of the umbrella release', () => {
  const old = { config: { attach: 'admission' }, admission: admission({ canMutate: false }) } as const
  const retired = { config: { retire: true }, status: { retired: true } } as const
  const helms = (observed: Observed): readonly string[] =>
    commandsOf(observed).filter((one) => /helm .*(upgrade|uninstall)/.test(one))
  assert.deepEqual([helms(fixture(old)).length, helms(fixture(retired)).length], [1, 1])
  assert.deepEqual(
    [helms(fixture({ release: ALIASED, ...old })), helms(fixture({ release: ALIASED, ...retired }))],
    [[], []],
  )
})

test("the name of the Helm release is read from Helm's own annotation", async () => {
  const nameOf = async (annotations: Readonly<Record<string, string>>): Promise<string | undefined> => {
    const plain = labelled('home', 'apps-base-pull', { 'config.yaml': '{}' })
    const configMaps = [{ ...plain, metadata: { ...plain.metadata, annotations } }]
    const { reader } = labelledCluster({ configMaps, signs: [installed('home', 'apps-base-pull')] })
    return (await findRelease(reader, { namespace: 'home', release: undefined })).chosen?.helmRelease
  }
  // https://github.com/helm/helm/blob/v3.19.0/pkg/action/validate.go
  assert.equal(await nameOf({ 'meta.helm.sh/release-name': 'apps' }), 'apps')
  assert.equal(await nameOf({}), undefined)
})

// A forged Helm record may contain hooks, and a ClusterRoleBinding of the tenant to cluster-admin.
for (const evidence of ['missing', 'unknown'] as const) {
  test(`no command applies, upgrades or uninstalls a release that may be a tenant's: ${evidence}`, () => {
    const release = { evidence, why: 'no right' } as const
    const scenes = [
      { deployment: null },
      { lease: null },
      { config: { attach: 'admission' }, admission: admission({ bound: [] }) },
      { config: { attach: 'admission' }, admission: admission({ tried: new Map([['shop', 'unreferenced']]) }) },
      { config: { attach: 'admission' }, admission: admission({ canMutate: false }) },
      { config: { retire: true }, status: { retired: true } },
    ] as const
    const helm = (observed: Observed): boolean => commandsOf(observed).some((one) => one.includes('helm '))
    assert.deepEqual(
      scenes.map((scene) => [helm(fixture(scene)), helm(fixture({ ...scene, release }))]),
      scenes.map(() => [true, false]),
    )
  })
}
