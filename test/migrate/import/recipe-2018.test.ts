import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parse } from 'yaml'
import { readConfigMap } from '../../../src/migrate/import/read-settings.ts'
import type { AnyObject } from '../../../src/migrate/remove/legacy-facts.ts'
import { importFrom, judge, object } from './import-fixture.ts'
import { A, AGGREGATION, account, deployment, pod, recipe2018 } from './recipe-2018.ts'

const node = (region: string): AnyObject => {
  const metadata = { name: 'n', uid: 'u', resourceVersion: '1', labels: { 'topology.kubernetes.io/region': region } }
  return { kind: 'Node', metadata }
}

test("the 2018 recipe: the Personal Edition of the cluster's region and of each region in use, default namespace", () => {
  const objects = [
    ...recipe2018(),
    node('cn-hangzhou'),
    pod('default', 'web', 'registry-vpc.cn-beijing.aliyuncs.com/shop/web:1', A),
    pod('default', 'pause', 'registry-vpc.cn-shenzhen.aliyuncs.com/acs/pause:3', A),
  ]
  const { text, errors, notes } = importFrom(undefined, objects)
  assert.deepEqual(errors, [])
  const values = parse(text)
  assert.deepEqual(values, {
    registries: ['cn-beijing', 'cn-hangzhou'].map((region) => ({
      name: `personal-${region}`,
      edition: 'personal',
      region,
    })),
    identity: { type: 'worker-role' },
    region: 'cn-hangzhou',
    targets: { namespaces: { include: ['default'] }, serviceAccounts: { include: ['default'] } },
    attach: 'serviceAccounts',
  })
  assert.deepEqual(judge(text).errors, [])
  assert.deepEqual(
    notes.map(({ kind }) => kind),
    ['todo'],
  )
})

const PAUSE = 'registry.cn-beijing.aliyuncs.com/google_containers/pause:3.9'
const registriesOf = (text: string): readonly string[] =>
  parse(text).registries.map(({ region }: { readonly region: string }) => region)

test('an image of the Personal Edition that anyone may pull adds no registry to the values', () => {
  const objects = [...recipe2018(), node('cn-hangzhou'), pod('default', 'pause', PAUSE, A)]
  const { text, notes } = importFrom(undefined, objects, { isPublic: (image) => image === PAUSE })
  assert.deepEqual(registriesOf(text), ['cn-hangzhou'])
  assert.deepEqual(
    notes.filter(({ kind }) => kind === 'lost'),
    [],
  )
})

test('P14 if the registry gives no response, its image adds no registry to the values, and a note reports this', () => {
  const objects = [...recipe2018(), node('cn-hangzhou'), pod('default', 'pause', PAUSE, A)]
  const { text, notes } = importFrom(undefined, objects, { isPublic: () => undefined })
  assert.deepEqual(registriesOf(text), ['cn-hangzhou'])
  const lost = notes.filter(({ kind }) => kind === 'lost').map((note) => note.text)
  assert.equal(lost.length, 1)
  assert.match(
    lost[0] ?? '',
    /^registry\.cn-beijing\.aliyuncs\.com: whether its images are public could not be checked\./,
  )
})

test('the hosts in the old Secrets decide, and not the images: only their regions become registries', () => {
  const objects = [
    ...recipe2018().map((one) =>
      one.kind === 'Secret'
        ? { ...one, logins: { hosts: ['registry.cn-shenzhen.aliyuncs.com'], isFixed: false } }
        : one,
    ),
    node('cn-hangzhou'),
    pod('default', 'pause', PAUSE, A),
  ]
  const { text, notes } = importFrom(undefined, objects, { isPublic: () => undefined })
  assert.deepEqual(registriesOf(text), ['cn-shenzhen'])
  assert.deepEqual(
    notes.filter(({ kind }) => kind === 'lost'),
    [],
  )
})

test('namespaces and ServiceAccounts to which the Secrets were copied manually are included', () => {
  const objects = [
    ...recipe2018(),
    object('Secret', 'shop', A),
    account('shop', 'builder', 'own', A),
    account('gone', 'default', A),
  ]
  const { text } = importFrom(undefined, objects, { region: 'cn-hangzhou' })
  assert.deepEqual(parse(text).targets, {
    namespaces: { include: ['default', 'shop'] },
    serviceAccounts: { include: ['default', 'builder'] },
  })
  assert.match(text, /in addition to what was configured, the old Secrets are used in shop/i)
})

test('a system namespace is a target only if something private is pulled there with the old Secret', () => {
  const data = { 'watch-namespace': 'all', 'acr-registry-info': '- { instanceId: cri-one, regionId: cn-hangzhou }' }
  const read = readConfigMap(data, 'ConfigMap')
  const image = 'shop-registry-vpc.cn-hangzhou.cr.aliyuncs.com/base/agent:1'
  const written = [object('Secret', 'kube-system', AGGREGATION), account('kube-system', 'default', AGGREGATION)]
  const publicOnly = importFrom(read, [
    ...written,
    pod('kube-system', 'p', 'registry.cn-hangzhou.aliyuncs.com/acs/x:1', AGGREGATION),
  ])
  assert.equal(parse(publicOnly.text).targets.namespaces.exclude, undefined)
  const pulling = importFrom(read, [...written, pod('kube-system', 'agent', image, AGGREGATION)])
  assert.deepEqual(parse(pulling.text).targets.namespaces, { include: ['*'], exclude: [] })
})

test('the key of a registered or self-built cluster becomes the identity, and is not read', () => {
  const { text, notes } = importFrom(
    undefined,
    [...recipe2018(), object('Secret', 'kube-system', 'alibaba-addon-secret')],
    {
      region: 'cn-hangzhou',
    },
  )
  assert.deepEqual(parse(text).identity, { type: 'access-key', accessKey: { existingSecret: 'acr-nopass-key' } })
  assert.match(notes[0]?.text ?? '', /alibaba-addon-secret/)
})

test('a workload that names an old Secret itself, and a binding with other subjects, are reported', () => {
  const shared = object('ClusterRoleBinding', undefined, 'admins', {
    subjects: [
      { kind: 'ServiceAccount', name: 'aliyun-acr-credential-helper', namespace: 'kube-system' },
      { kind: 'User', name: 'anna' },
    ],
  })
  const objects = [...recipe2018(), deployment('default', 'web', 'img', A), pod('default', 'one', 'img', A), shared]
  const { notes } = importFrom(undefined, objects, { region: 'cn-hangzhou' })
  const texts = notes.filter(({ kind }) => kind === 'todo').map(({ text }) => text)
  assert.equal(texts.length, 3)
  assert.match(texts[1] ?? '', /^Deployment default\/web /)
  assert.match(texts[2] ?? '', /^ClusterRoleBinding admins /)
})

test('on a cluster of 1.36 the reference is also added at admission; below 1.30 there is no guard', () => {
  const of = (minor: number): Record<string, unknown> =>
    parse(importFrom(undefined, recipe2018(), { region: 'cn-hangzhou', minor }).text)
  assert.deepEqual([of(36).attach, of(36).guard], ['both', undefined])
  assert.deepEqual([of(30).attach, of(30).guard], ['serviceAccounts', undefined])
  assert.deepEqual([of(26).attach, of(26).guard], ['serviceAccounts', 'disabled'])
})

test('without any region nothing is guessed', () => {
  const { errors } = importFrom(undefined, recipe2018())
  assert.deepEqual(
    errors.map(({ code }) => code),
    ['IMPORT_REGION'],
  )
  assert.match(errors[0]?.hint ?? '', /--region/)
})
