import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { stringify } from 'yaml'
import { loadConfig } from '../../src/installation/load-config.ts'
import type { HelperConfig } from '../../src/values/generated/helper-config.ts'
import { config } from '../helper/plan-fixtures.ts'
import { anyValue, fuzz } from '../support/fuzz.ts'

const SECRET = 'S3CR3T_TEXT'
const WHOLE = config({ secretLabels: { team: 'a' }, heal: true })

/**
 * Returns the configuration, or undefined for a rejected text. The error has our code and contains
 * nothing of the text.
 */
function read(text: string): HelperConfig | undefined {
  try {
    return loadConfig(text).config
  } catch (error) {
    assert.equal((error as { code?: string }).code, 'HELPER_CONFIG_INVALID', String(error))
    assert.equal(String(error).includes(SECRET), false)
    return undefined
  }
}

type Json = Record<string, unknown>

/** Returns a copy with one value changed or removed. */
function change(value: Json, path: readonly number[], replacement: unknown): Json {
  const copy = structuredClone(value)
  let node = copy
  for (const [depth, step] of path.entries()) {
    const keys = Object.keys(node)
    const key = keys[step % Math.max(1, keys.length)] ?? 'new'
    const next = node[key]
    if (depth < path.length - 1 && typeof next === 'object' && next !== null) {
      node = next as Json
      continue
    }
    if (replacement === undefined) delete node[key]
    else node[key] = replacement
    break
  }
  return copy
}

test('a configuration with any value changed is rejected, or read the same however often it is written and read', async (t) => {
  const replacement = fc.oneof(anyValue, fc.constant(SECRET), fc.constant(undefined))
  const property = fc.property(fc.array(fc.nat(30), { minLength: 1, maxLength: 4 }), replacement, (path, value) => {
    const once = read(JSON.stringify(change(WHOLE as unknown as Json, path, value)))
    if (once === undefined) return
    assert.deepEqual(read(JSON.stringify(once)), once)
    assert.deepEqual(read(stringify(once)), once)
  })
  await fuzz(t, 'config-values', property, 500)
})

test('a configuration that is truncated, repeats a line or has other bytes in it is rejected, or is complete', async (t) => {
  const yaml = stringify(WHOLE)
  const json = JSON.stringify(WHOLE)
  // Half a file must not become a configuration with other targets.
  for (let end = 1; end < json.length; end += 1) assert.equal(read(json.slice(0, end)), undefined, json.slice(0, end))
  const lines = yaml.trimEnd().split('\n')
  const text = fc.oneof(
    fc.nat(yaml.length).map((end) => yaml.slice(0, end)),
    fc.nat(lines.length - 1).map((index) => lines.toSpliced(index, 0, lines[index] ?? '').join('\n')),
    fc.tuple(fc.nat(yaml.length), fc.string({ unit: 'binary', maxLength: 5 })).map(([at, extra]) => {
      return yaml.slice(0, at) + extra + yaml.slice(at)
    }),
    fc.string({ unit: 'binary' }).map((extra) => `${extra}${SECRET}`),
  )
  const property = fc.property(text, (content) => {
    const once = read(content)
    if (once !== undefined) assert.deepEqual(read(JSON.stringify(once)), once)
  })
  await fuzz(t, 'config-text', property, 500)
})
