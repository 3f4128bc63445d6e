import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findRelease } from '../../src/release/find-release.ts'
import type { Reader } from '../../src/release/reader.ts'

const configOf = async (text: string): Promise<string | undefined> => {
  const labels = { 'app.kubernetes.io/instance': 'x' }
  const object = { metadata: { name: 'x', namespace: 'tenant', labels }, data: { 'config.yaml': text } }
  const reader = { unread: [], list: () => Promise.resolve([object]) } as unknown as Reader
  return (await findRelease(reader, { namespace: undefined, release: undefined })).chosen?.configError
}

for (const [title, text] of [
  ['20,000 keys', Array.from({ length: 20_000 }, (_, index) => `k${index}: 1\n`).join('')],
  ['40,000 aliases', `a: &a 1\nb: [${'*a, '.repeat(40_000)}]\n`],
  ['900 kB of open brackets', '['.repeat(900_000)],
] as const) {
  test(`the ConfigMap of a tenant with ${title} is not parsed`, async () => {
    assert.equal(
      await configOf(text),
      `It has ${text.length} characters, more than the 65536 that a configuration may have.`,
    )
  })
}

test('a configuration of 64 KiB is still read', async () => {
  assert.match((await configOf(`# ${'x'.repeat(65_000)}\n{}\n`)) ?? '', /does not match its schema/)
})
