import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findRelease, requireRelease } from '../../src/installation/find-release.ts'
import { BINDINGS, installed, labelled, labelledCluster } from '../support/labelled-cluster.ts'

type Content = Parameters<typeof labelledCluster>[0]
const ANY = { namespace: undefined, release: undefined }
const CONFIG = { 'config.yaml': '{}' }
const isRead = (path: string): boolean => path.startsWith(BINDINGS) || /clusterroles|admission/.test(path)

/** Returns `namespace/name evidence` of the chosen release. */
async function chosen(content: Content, choice: { namespace?: string; release?: string } = {}) {
  const { chosen: one } = await findRelease(labelledCluster(content).reader, { ...ANY, ...choice })
  return one && `${one.namespace}/${one.name} ${one.evidence}`
}

const FORGED = labelled('aaa', 'acr-nopass', CONFIG)
const REAL = labelled('platform', 'acr-nopass', CONFIG)
const PROOF = [installed('platform', 'acr-nopass')]

test("a tenant's ConfigMap with the labels of a release is not taken for the release, though it comes first", async () => {
  const content = { configMaps: [FORGED, REAL], signs: PROOF }
  assert.equal(await chosen(content), 'platform/acr-nopass proven')
  const { others } = await findRelease(labelledCluster(content).reader, ANY)
  assert.deepEqual(
    others.map(({ namespace, evidence }) => [namespace, evidence]),
    [['aaa', 'missing']],
  )
})

test("a tenant's ConfigMap alone is no release; if it is named in full, it is used as not verified", async () => {
  assert.equal(await chosen({ configMaps: [FORGED] }), undefined)
  assert.equal(await chosen({ configMaps: [FORGED] }, { namespace: 'aaa' }), undefined)
  const named = { namespace: 'aaa', release: 'acr-nopass' }
  assert.equal(await chosen({ configMaps: [FORGED] }, named), 'aaa/acr-nopass missing')
  await assert.rejects(requireRelease(labelledCluster({ configMaps: [FORGED] }).reader, ANY), {
    code: 'RELEASE_NOT_FOUND',
    hint: 'Not verified: aaa/acr-nopass. If one of them is yours, name it with --namespace and --release.',
  })
})

test('a binding of another namespace proves nothing', async () => {
  const signs = [installed('platform', 'aaa.acr-nopass'), installed('aaa', 'other')]
  assert.equal(await chosen({ configMaps: [FORGED], signs }), undefined)
})

test('a release whose binding somebody deleted, and one with scope namespaces and the guard, still count', async () => {
  for (const sign of [
    ['ClusterRole', 'acr-nopass.platform.acr-nopass'],
    ['Guard', 'acr-nopass.platform.acr-nopass.secrets'],
  ] as const) {
    // A few candidates are read one by one. Many candidates are compared with a list.
    const many = Array.from({ length: 20 }, (_, index) => labelled('aaa', `r${index}`, CONFIG))
    for (const configMaps of [
      [FORGED, REAL],
      [...many, REAL],
    ]) {
      assert.equal(await chosen({ configMaps, signs: [sign] }), 'platform/acr-nopass proven')
    }
  }
})

test('if there are two releases and none is named, nothing is guessed, even if one is in the default namespace', async () => {
  const configMaps = [labelled('acr-nopass', 'acr-nopass', CONFIG), REAL, FORGED]
  const signs = [...PROOF, installed('acr-nopass', 'acr-nopass')]
  await assert.rejects(chosen({ configMaps, signs }), {
    code: 'INPUT_MISSING',
    message: 'there are several releases: acr-nopass/acr-nopass, platform/acr-nopass',
  })
  assert.equal(await chosen({ configMaps, signs }, { namespace: 'platform' }), 'platform/acr-nopass proven')
})

test('without the right to read the proof, a single candidate is used as not verified; if there are two, one must be named', async () => {
  assert.equal(await chosen({ configMaps: [REAL], denies: isRead }), 'platform/acr-nopass unknown')
  const both = { configMaps: [FORGED, REAL], signs: PROOF, denies: isRead }
  await assert.rejects(chosen(both), { code: 'INPUT_MISSING' })
  assert.equal(await chosen(both, { namespace: 'platform', release: 'acr-nopass' }), 'platform/acr-nopass unknown')
  const { reader } = labelledCluster({ configMaps: [REAL], denies: isRead })
  await findRelease(reader, ANY)
  assert.deepEqual(reader.unread, [])
})

test("a user who may read the proof of only one release gets this release, whatever a tenant's ConfigMaps are called", async () => {
  const denies = (path: string): boolean => isRead(path) && !path.endsWith('/acr-nopass.platform.acr-nopass')
  assert.equal(await chosen({ configMaps: [FORGED, REAL], signs: PROOF, denies }), 'platform/acr-nopass proven')
  // Proofs of so many candidates are listed instead of read one by one. This user may not list.
  const many = Array.from({ length: 20 }, (_, index) => labelled('aaa', `r${index}`, CONFIG))
  const crowded = { configMaps: [...many, REAL], signs: PROOF, denies }
  await assert.rejects(chosen(crowded), { code: 'INPUT_MISSING' })
  assert.equal(await chosen(crowded, { namespace: 'platform', release: 'acr-nopass' }), 'platform/acr-nopass proven')
})

test('without the right to list ConfigMaps everywhere the release is looked for in the default namespace', async () => {
  const configMaps = [labelled('acr-nopass', 'r', CONFIG), REAL]
  const denies = (path: string): boolean => path === '/api/v1/configmaps'
  const signs = [installed('acr-nopass', 'r')]
  assert.equal(await chosen({ configMaps, signs, denies }), 'acr-nopass/r proven')
})

test('a thousand ConfigMaps of a tenant cost no request each, and none of their content is read', async () => {
  const many = Array.from({ length: 1000 }, (_, index) => labelled('aaa', `r${index}`, { 'config.yaml': 'x' }))
  const { reader, calls } = labelledCluster({ configMaps: [...many, REAL], signs: PROOF })
  const { chosen: one } = await findRelease(reader, ANY)
  assert.equal(one?.namespace, 'platform')
  assert.equal(calls.length, 6)
  const whole = calls.filter(({ path, accept }) => path.endsWith('/configmaps') && accept === undefined)
  assert.deepEqual(
    whole.map(({ path, query }) => [path, query?.labelSelector]),
    [
      [
        '/api/v1/namespaces/platform/configmaps',
        'app.kubernetes.io/name=acr-nopass,app.kubernetes.io/instance=acr-nopass',
      ],
    ],
  )
})

const configOf = async (text: string): Promise<string | undefined> => {
  const content = {
    configMaps: [labelled('platform', 'x', { 'config.yaml': text })],
    signs: [installed('platform', 'x')],
  }
  return (await findRelease(labelledCluster(content).reader, ANY)).chosen?.configError
}

for (const [title, text] of [
  ['20,000 keys', Array.from({ length: 20_000 }, (_, index) => `k${index}: 1\n`).join('')],
  ['40,000 aliases', `a: &a 1\nb: [${'*a, '.repeat(40_000)}]\n`],
  ['900 kB of open brackets', '['.repeat(900_000)],
] as const) {
  test(`a configuration with ${title} is not parsed`, async () => {
    assert.equal(
      await configOf(text),
      `It has ${text.length} characters, more than the 65536 that a configuration may have.`,
    )
  })
}

test('a configuration of 64 KiB is still read', async () => {
  assert.match((await configOf(`# ${'x'.repeat(65_000)}\n{}\n`)) ?? '', /does not match its schema/)
})
