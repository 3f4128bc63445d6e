import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../..', import.meta.url))

/**
 * Returns all files that these files import directly or indirectly. Imports of types count, because
 * a shared type is shared knowledge.
 */
function importedBy(entries: readonly string[]): ReadonlySet<string> {
  const found = new Set(entries)
  for (const file of found) {
    const text = readFileSync(join(root, file), 'utf8')
    for (const [, path = ''] of text.matchAll(/(?:from|import\()\s*'(\.{1,2}\/[^']+\.ts)'/g)) {
      found.add(relative(root, join(root, dirname(file), path)))
    }
  }
  return found
}

test('the emulated cloud verifies signatures, policies, trust and tokens with its own code', () => {
  const files = importedBy(['sandbox/cloud/start-cloud.ts', 'sandbox/cloud/run-cloud.ts'])
  assert.ok(files.has('sandbox/cloud/http/signature.ts') && files.has('sandbox/cloud/ram/evaluate.ts'))
  const product = [...files].filter((file) =>
    /^src\/(policy|alibaba|acr|helper|rollout|cli|action|values)\//.test(file),
  )
  assert.deepEqual(product, [])
})

test('the product does not depend on the emulated cloud', () => {
  const files = importedBy([
    'src/policy/ram-statement.ts',
    'src/policy/judge-trust.ts',
    'src/alibaba/transport/signature.ts',
  ])
  assert.ok(files.size > 3)
  assert.deepEqual(
    [...files].filter((file) => file.startsWith('sandbox/')),
    [],
  )
})
