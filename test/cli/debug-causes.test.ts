import assert from 'node:assert/strict'
import { chmod, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { runBin } from './run-bin.ts'

// Shorter than the words that are redacted anyway.
const SECRET = 'abcdef.0123456789'
const folder = await mkdtemp(join(tmpdir(), 'debug-causes-'))
const plugin = join(folder, 'plugin')
await writeFile(plugin, `#!/bin/sh\necho '{"kind":"ExecCredential","status":{"token":"${SECRET}'\n`)
await chmod(plugin, 0o755)

const config = (user: string): string => `apiVersion: v1
clusters: [{ name: c, cluster: { server: "https://127.0.0.1:1" } }]
contexts: [{ name: c, context: { cluster: c, user: c } }]
current-context: c
users:
- name: c
  user: ${user}
`

const CASES = [
  {
    title: 'a kubeconfig with an open quote',
    text: config(`{ token: "${SECRET}`),
    says: /is not YAML: it breaks in line 8$/,
  },
  {
    title: 'a kubeconfig with an open bracket',
    text: config(`{ token: ${SECRET}`),
    says: /is not YAML: it breaks in line 8$/,
  },
  { title: 'a kubeconfig with a tab', text: config(`\n\ttoken: ${SECRET}`), says: /is not YAML: it breaks in line 8$/ },
  {
    title: 'a plugin that prints half of a credential',
    text: config(
      `{ exec: { apiVersion: client.authentication.k8s.io/v1, command: ${plugin}, interactiveMode: Never } }`,
    ),
    says: /plugin .* printed no credential$/,
  },
]
for (const [index, { title, text, says }] of CASES.entries()) {
  test(`P6 --debug prints nothing of ${title}`, async () => {
    const file = join(folder, `${index}.yaml`)
    await writeFile(file, text)
    const { stdout, stderr } = await runBin(['doctor', '--kubeconfig', file, '--debug'])
    const [first = ''] = stderr.split('\n')
    assert.match(first, /^KUBECONFIG_INVALID: /)
    assert.match(first, says)
    for (const part of [SECRET.slice(0, 7), SECRET.slice(-7), 'token'])
      assert.ok(!`${stdout}${stderr}`.includes(part), stderr)
  })
}
