import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { readEndpoints } from '../../src/alibaba/transport/endpoints.ts'
import { parseManifest } from '../../src/helm/release/manifest.ts'
import { loadConfig } from '../../src/installation/load-config.ts'
import { parseYaml } from '../../src/lib/yaml.ts'
import { readFiles } from '../../src/migrate/import/read-files.ts'
import { mergeProviders } from '../../src/node/script/merge-providers.ts'
import { kubeconfigSecrets, refuseForeignPrograms } from '../../src/rollout/connect/kubeconfig-text.ts'
import { findConfig, readSecretName } from '../../src/rollout/release/release-parts.ts'
import { readYaml } from '../../src/values/yaml/read-yaml.ts'

const folder = mkdtempSync(join(tmpdir(), 'acr-nopass-yaml-'))
after(() => rmSync(folder, { recursive: true, force: true }))

// Node prints a warning, and with it the line of the source, at the start of a line of stderr. A
// line that starts with :: is a workflow command.
const COMMAND = '::stop-commands::x'
const TAG = `${COMMAND}: !x 1\n`
const KEY = `? [${COMMAND}]\n: 1\n`

const configMap = (data: object) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  namespace: undefined,
  name: 'n',
  body: { data },
})
const kubeconfig = (path: string): string =>
  JSON.stringify({ clusters: [{ name: 'c', cluster: { server: 'https://x', 'certificate-authority': path } }] })

const PLACES: Readonly<Record<string, (text: string) => unknown>> = {
  'a path of a kubeconfig': (text) => refuseForeignPrograms(kubeconfig(text), { name: 'k', folder, workspace: folder }),
  'a kubeconfig': (text) => refuseForeignPrograms(text, { name: 'k', folder, workspace: folder }),
  'the secrets of a kubeconfig': kubeconfigSecrets,
  'the configuration of a release': (text) => findConfig([configMap({ 'config.yaml': text })]),
  'the Secret of a release': readSecretName,
  'the input endpoints': readEndpoints,
  'the configuration of the helper': loadConfig,
  'a manifest': parseManifest,
  'the values': (text) => readYaml({ name: 'values.yaml', text }, 'user'),
  'the files of an import': (text) => readFiles([{ name: 'f', text }]),
  'the credential providers of a node': (text) =>
    mergeProviders(
      [
        {
          path: 'f',
          text: `apiVersion: kubelet.config.k8s.io/v1\nkind: CredentialProviderConfig\nproviders: [{ name: a }]\n${text}`,
        },
      ],
      undefined,
    ),
}

for (const [title, read] of Object.entries(PLACES)) {
  test(`security: no text of ${title} is printed as a warning`, async () => {
    const warnings: string[] = []
    const listen = ({ message }: Error): void => void warnings.push(message)
    process.on('warning', listen)
    for (const text of [TAG, KEY]) {
      try {
        read(text)
      } catch {
        // Most texts are refused.
      }
    }
    await setImmediate()
    process.off('warning', listen)
    assert.deepEqual(warnings, [])
  })
}

test('a broken text is an error, and its message quotes no line', () => {
  for (const text of ['password: [', 'a: 1\na: 2 # password', 'a: 1\n---\npassword: 1\n'])
    assert.throws(
      () => parseYaml(text),
      ({ message }: Error) => !message.includes('password'),
    )
})
