import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ClusterSummary } from '../../src/alibaba/cs.ts'
import { chooseClusters, chooseInstances } from '../../src/init/choose.ts'

const ID = `c${'a'.repeat(32)}`
const TWIN = `c${'b'.repeat(32)}`
const cluster = (clusterId: string, name: string, region = 'cn-hangzhou'): ClusterSummary => {
  return { clusterId, name, region, kind: 'managed', state: 'running' }
}
const LIST = [cluster(ID, 'shop'), cluster(TWIN, 'batch'), cluster(`c${'d'.repeat(32)}`, 'batch', 'cn-beijing')]
const whole = { items: LIST, cut: undefined }
const cut = { items: LIST, cut: 'the list of clusters could not be read to the end' }
const none = { items: [], cut: 'the list of clusters could not be read' }

const idsOf = (...call: Parameters<typeof chooseClusters>): readonly string[] => {
  const { chosen, problems } = chooseClusters(...call)
  assert.deepEqual(problems, [])
  return chosen.map(({ clusterId, region }) => `${region}/${clusterId}`)
}
const problemOf = (...call: Parameters<typeof chooseClusters>): string => {
  const { chosen, problems } = chooseClusters(...call)
  assert.deepEqual([chosen, problems.length], [[], 1])
  return problems[0] ?? ''
}

test('a cluster is named by its id, its name, or its region and either', () => {
  for (const word of [ID, 'shop', `cn-hangzhou/${ID}`, 'cn-hangzhou/shop']) {
    assert.deepEqual(idsOf(whole, [word], []), [`cn-hangzhou/${ID}`], word)
  }
  assert.deepEqual(idsOf(whole, ['cn-hangzhou/batch'], []), [`cn-hangzhou/${TWIN}`])
  assert.deepEqual(idsOf(whole, [ID, 'shop', `cn-hangzhou/${ID}`], []).length, 1, 'each cluster once')
})

test('* names all clusters of the list, and nothing of an empty one', () => {
  assert.equal(idsOf(whole, ['*'], []).length, 3)
  assert.match(problemOf(none, ['*'], []), /no cluster in the list \(the list of clusters could not be read\)/)
})

test('a whole list refuses what it does not have, also in another region', () => {
  for (const word of [`c${'e'.repeat(32)}`, 'shopp', `cn-beijing/${ID}`]) {
    assert.equal(problemOf(whole, [word], ['cn-hangzhou']), `the account has no cluster ${word}`)
  }
})

test('a list that is not whole accepts an id with a region, and no name', () => {
  const other = `c${'e'.repeat(32)}`
  assert.deepEqual(idsOf(cut, [`cn-shanghai/${other}`], []), [`cn-shanghai/${other}`])
  assert.deepEqual(idsOf(none, [other], ['cn-shanghai']), [`cn-shanghai/${other}`])
  assert.match(
    problemOf(none, [other], []),
    new RegExp(`region of cluster ${other} is not known: write REGION/${other}`),
  )
  assert.match(problemOf(none, [other], ['cn-shanghai', 'cn-beijing']), /is not known/)
  assert.match(
    problemOf(cut, ['other'], ['cn-shanghai']),
    /other is no cluster id, and its name cannot be looked up: the list/,
  )
})

test('a name that two clusters have is refused with both ids', () => {
  assert.match(problemOf(whole, ['batch'], []), new RegExp(`2 clusters are called batch: .*${TWIN}, cd+`))
})

test('an instance is named like a cluster', () => {
  const instance = { instanceId: 'cri-abc123', name: 'shop', region: 'cn-hangzhou', status: 'RUNNING' }
  const list = { items: [instance], cut: undefined }
  for (const word of ['cri-abc123', 'shop', 'cn-hangzhou/shop', '*']) {
    assert.deepEqual(chooseInstances(list, [word], []), { chosen: [instance], problems: [] }, word)
  }
  assert.deepEqual(chooseInstances(none, ['cn-beijing/cri-def456'], []), {
    chosen: [{ instanceId: 'cri-def456', name: '', region: 'cn-beijing', status: '' }],
    problems: [],
  })
  for (const word of ['cri-ABC', 'xcri-abc123', 'cri-abc123/', 'cri-abc123.x']) {
    assert.equal(chooseInstances(none, [`cn-beijing/${word}`], []).problems.length, 1, word)
  }
  assert.deepEqual(chooseInstances(list, ['cri-def456'], []).problems, ['the account has no instance cri-def456'])
})

test('words that look like an id but are longer or shorter are no ids', () => {
  for (const word of [`${ID}0`, `x${ID}`, ID.slice(1)]) {
    assert.match(problemOf(none, [`cn-hangzhou/${word}`], []), /is no cluster id/)
  }
})
