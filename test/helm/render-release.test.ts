import assert from 'node:assert/strict'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { Helm } from '../../src/helm/find-helm.ts'
import { isSameRelease, renderRelease, templateRelease } from '../../src/helm/release/render-release.ts'

const target = { release: 'a', namespace: 'b', kubeconfig: 'k' }
const options = {
  chart: 'chart.tgz',
  valuesFiles: [],
  timeout: '1m',
  wait: true,
  forceConflicts: false,
  description: 'x',
}
const known = { chart: 'c-1.0.0', values: { replicas: 2 }, version: '1.37.0', installed: true }
const MANIFEST = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: rendered }\n'

/** A program in place of helm. */
async function program(t: TestContext, script: string): Promise<Helm> {
  const folder = await mkdtemp(join(tmpdir(), 'acr-nopass-render-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const path = join(folder, 'helm')
  await writeFile(path, `#!/bin/sh\n${script}\n`)
  await chmod(path, 0o700)
  const version = { major: 4, minor: 3, patch: 1, text: 'v4.3.1' } as const
  return { path, version, environment: { PATH: '/usr/bin:/bin' } }
}

test('a release that is rendered without the cluster has the known chart and values, the rendered objects and no hooks', async (t) => {
  const helm = await program(t, `[ "$1" = template ] && printf '${MANIFEST.replaceAll('\n', '\\n')}'`)
  const { objects, ...rest } = await templateRelease(helm, target, options, known)
  assert.deepEqual(rest, { chart: 'c-1.0.0', values: { replicas: 2 }, hooks: [] })
  assert.deepEqual(
    objects.map(({ kind, name }) => `${kind} ${name}`),
    ['ConfigMap rendered'],
  )
})

test('a release that is rendered by a dry run is read from its JSON; an error names the command of helm', async (t) => {
  const release = { chart: { metadata: { name: 'c', version: '2' } }, config: { a: 1 }, manifest: MANIFEST }
  const helm = await program(t, `[ "$1" = upgrade ] && printf '%s' '${JSON.stringify(release).replaceAll("'", '')}'`)
  const { chart, values, objects } = await renderRelease(helm, target, options)
  assert.deepEqual([chart, values, objects[0]?.name], ['c-2', { a: 1 }, 'rendered'])
  const failing = await program(t, 'echo "Error: timed out waiting for the condition" >&2; exit 1')
  await assert.rejects(renderRelease(failing, target, options), {
    code: 'HELM_TIMEOUT',
    message: 'helm upgrade: timed out waiting for the condition',
  })
  await assert.rejects(templateRelease(failing, target, options, known), {
    code: 'HELM_TIMEOUT',
    message: 'helm template: timed out waiting for the condition',
  })
  await assert.rejects(renderRelease(await program(t, 'echo no JSON'), target, options), {
    code: 'HELM_FAILED',
    message: 'the dry run of helm upgrade did not write JSON',
  })
})

test('a release differs if one more object is rendered, or if the objects have another order', () => {
  const object = (name: string) => ({ apiVersion: 'v1', kind: 'A', namespace: undefined, name, body: { name } })
  const content = { chart: 'c-1', values: {}, objects: [object('a'), object('b')], hooks: [] }
  assert.equal(isSameRelease(content, { ...content, objects: [object('a'), object('b')] }), true)
  for (const objects of [[object('b'), object('a')], [object('a')], [...content.objects, object('c')]])
    assert.equal(isSameRelease(content, { ...content, objects }), false)
})
