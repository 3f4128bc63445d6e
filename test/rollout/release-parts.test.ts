import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findConfig } from '../../src/rollout/deploy/release-parts.ts'

test("another chart's config.yaml may hold any text", () => {
  const configMap = (text: string) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    namespace: 'n',
    name: 'c',
    body: { data: { 'config.yaml': text } },
  })
  assert.equal(findConfig([configMap('a: [b'), configMap('{{ template }}')]), undefined)
  const ours = 'secretName: acr-pull\nrelease: { name: r }\n'
  assert.equal(findConfig([configMap('a: [b'), configMap(ours)])?.secretName, 'acr-pull')
})
