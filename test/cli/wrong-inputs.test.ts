import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { runBin } from './run-bin.ts'

/**
 * Typical first mistakes, and everything that the command line prints for them:
 * `golden/wrong-inputs.txt`.
 */
const GOOD = await readFile(join(import.meta.dirname, '../../examples/readme/values.yaml'), 'utf8')
const FILES: Readonly<Record<string, string>> = {
  'values.yaml': GOOD,
  'colon.yaml': GOOD.replace('edition: enterprise', 'edition：enterprise'),
  'quotes.yaml': GOOD.replace('name: prod', 'name: “prod”'),
  'no-identity.yaml': GOOD.replace(/^identity.*\n/m, ''),
  'guard.yaml': `${GOOD}guard: off\n`,
  'node.yaml': `${GOOD}node: { identity: worker-role }\n`,
  kubeconfig: '{}',
}
const ARCHIVE = ['--url', '/node.tgz', '--sha256', 'a'.repeat(64)]
const CALLS: readonly (readonly string[])[] = [
  ['validate', '-f', 'colon.yaml'],
  ['validate', '-f', 'quotes.yaml'],
  ['validate', '-f', 'missing.yaml'],
  ['validate', '--inline-values', 'values.yaml'],
  ['validate', '--values', 'missing.yaml'],
  ['validate', '--values', 'values-{env}.yaml'],
  ['validate', '--inline-values', 'missing.yaml'],
  ['apply', '--kubeconfig', 'kubeconfig', '--values', 'folder'],
  ['apply', '--kubeconfig', 'kubeconfig', '--inline-values', 'folder'],
  ['apply', '--kubeconfig', 'kubeconfig', '-f', 'values.yaml', '-f', ''],
  ['validate', '-f', 'values.yaml', '--inline-values', 'a: 1', '--values', 'b: 2'],
  ['plan', '--kubeconfig', 'kubeconfig'],
  ['validate', 'values.yaml'],
  ['apply', '--ack-cluster-id', 'c1', '--region', 'hangzhou', '-f', 'values.yaml'],
  ['apply', '--ack-cluster-id', 'c1', '-f', 'values.yaml'],
  ['validate', '-f', 'no-identity.yaml'],
  ['validate', '-f', 'guard.yaml'],
  ['validate'],
  ['node', 'config'],
  ['node', 'config', '-f', 'values.yaml'],
  ['node', 'script', '-f', 'values.yaml'],
  ['node', 'script', '--profile', 'eks', '-f', 'values.yaml'],
  ['node', 'script', '--profile', 'ack', '-f', 'values.yaml'],
  ['node', 'script', '--profile', 'ack', '-f', 'values.yaml', '--url', '/node.tgz', '--sha256', 'abc'],
  ['node', 'script', '--profile', 'ack', '-f', 'values.yaml', '--health-seconds', '0'],
  ['node', 'script', '--profile', 'ack', '-f', 'node.yaml', ...ARCHIVE, '--health-url', 'localhost:10248'],
  ['node', 'script', '--profile', 'ack', '-f', 'node.yaml', ...ARCHIVE, '--restart', 'a\nb'],
]

let folder: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'acr-nopass-wrong-'))
  await mkdir(join(folder, 'folder'))
  for (const [name, text] of Object.entries(FILES)) await writeFile(join(folder, name), text)
  await writeFile(join(folder, 'helm'), '#!/bin/sh\necho v4.3.0\n', { mode: 0o755 })
})
after(() => rm(folder, { recursive: true }))

test('each of the usual wrong inputs is explained with its fix, and exits with 2', async () => {
  const env = { PATH: `${folder}:${process.env.PATH}`, HOME: folder }
  const blocks: string[] = []
  for (const args of CALLS) {
    const { code, stdout, stderr } = await runBin(args, { cwd: folder, env })
    assert.deepEqual([code, stdout], [2, ''], `${args.join(' ')}\n${stderr}`)
    blocks.push(`$ acr-nopass ${args.join(' ')}\n${stderr.replaceAll(folder, 'FOLDER')}`)
  }
  const file = new URL('golden/wrong-inputs.txt', import.meta.url)
  const text = blocks.join('\n')
  if (process.env.UPDATE_GOLDEN) await writeFile(file, text)
  assert.equal(text, await readFile(file, 'utf8'))
})
