import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { V1Container } from '@kubernetes/client-node'
import fc from 'fast-check'
import type { Pod } from '../../../../src/sandbox/cluster/pod.ts'
import {
  containerCommand,
  expandVariables,
  findImage,
  repositoryOf,
  toHostPaths,
} from '../../../../src/sandbox/nodes/process/container-command.ts'
import { createBackOff } from '../../../../src/sandbox/nodes/process/container-runner.ts'
import { fieldValue } from '../../../../src/sandbox/nodes/process/field-value.ts'
import { podSources } from '../../../../src/sandbox/nodes/process/pod-sources.ts'
import { podUser, volumeContent } from '../../../../src/sandbox/nodes/process/pod-volumes.ts'

const main: V1Container = { name: 'main', image: 'example/app:1' }
function pod(spec: Partial<Pod['spec']> = {}): Pod {
  const labels = { app: 'x', zone: 'b' }
  const metadata = { name: 'p', namespace: 'n', uid: 'u', resourceVersion: '1', labels, annotations: { 'a/b': 'c' } }
  return { metadata, spec: { nodeName: 'node', serviceAccountName: 'sa', containers: [main], ...spec } }
}
const addresses = { podIp: '127.1.2.3', hostIp: '127.0.0.1' }
const sources = {
  configmaps: { config: { 'a.yaml': Buffer.from('A'), b: Buffer.from('B') } },
  secrets: { key: { id: Buffer.from('I') } },
} as const
const find = (kind: 'configmaps' | 'secrets', name: string): Record<string, Buffer> | undefined =>
  (sources[kind] as Record<string, Record<string, Buffer>>)[name]

test('$(NAME) is replaced if the name is known, and $$ by a dollar', () => {
  const variables = new Map([
    ['A', '1'],
    ['B', '$(A)'],
  ])
  const table: [string, string][] = [
    ['$(A)-$(A)', '1-1'],
    ['$(B)', '$(A)'],
    ['$(C)', '$(C)'],
    ['$$(A)', '$(A)'],
    ['$$$(A)', '$1'],
    ['$A $(A', '$A $(A'],
  ]
  for (const [text, expected] of table) assert.equal(expandVariables(text, variables), expected)
  fc.assert(
    fc.property(
      fc.string().filter((text) => !text.includes('$')),
      (text) => expandVariables(text, variables) === text,
    ),
  )
})

test('paths at and below a mount become paths in the volume, and other paths are unchanged', () => {
  const container: V1Container = {
    ...main,
    volumeMounts: [
      { name: 'outer', mountPath: '/etc/app/' },
      { name: 'inner', mountPath: '/etc/app/secret', subPath: 'sub' },
    ],
  }
  const translate = (text: string): string => toHostPaths(text, container, (name) => `/v/${name}`)
  const table: [string, string][] = [
    ['--config=/etc/app/config.yaml', '--config=/v/outer/config.yaml'],
    ['/etc/app', '/v/outer'],
    ['/etc/app/secret/id', '/v/inner/sub/id'],
    ['/etc/app/secrets', '/v/outer/secrets'],
    ['/etc/application', '/etc/application'],
    ['/my/etc/app', '/my/etc/app'],
    ['a:/etc/app/x,/etc/app/y', 'a:/v/outer/x,/v/outer/y'],
  ]
  for (const [text, expected] of table) assert.equal(translate(text), expected)
})

test('the downward API supports the fields that Kubernetes documents', () => {
  const value = (fieldPath: string): string | undefined => fieldValue(pod(), addresses, { fieldPath })
  assert.deepEqual(
    ['metadata.name', 'metadata.uid', 'status.podIP', 'spec.serviceAccountName', "metadata.labels['zone']"].map(value),
    ['p', 'u', '127.1.2.3', 'sa', 'b'],
  )
  assert.equal(value('metadata.labels'), 'app="x"\nzone="b"')
  assert.equal(value("metadata.annotations['a/b']"), 'c')
  assert.equal(value('spec.priority'), undefined)
})

test('listening addresses on 127.0.0.1 become the Pod’s, and URLs of services on the machine are unchanged', () => {
  const context = {
    pod: pod(),
    addresses,
    find,
    entrypoint: ['/node', '/app.mjs'],
    apiServer: { host: '127.0.0.1', port: 6443 },
    volumeFolder: (name: string) => `/v/${name}`,
  }
  const args = ['--status=127.0.0.1:8081', 'localhost:1', '--cloud=http://127.0.0.1:99', '127.0.0.1']
  const command = containerCommand({ ...main, args }, context)
  assert.deepEqual(
    [command.command, ...command.args],
    ['/node', '/app.mjs', '--status=127.1.2.3:8081', '127.1.2.3:1', '--cloud=http://127.0.0.1:99', '127.0.0.1'],
  )
  const custom = containerCommand({ ...main, command: ['sh', '-c', 'true'], args: ['x'] }, context)
  assert.deepEqual([custom.command, ...custom.args], ['sh', '-c', 'true', 'x'])
  const env = [
    { name: 'ID', valueFrom: { secretKeyRef: { name: 'key', key: 'id' } } },
    { name: 'NONE', valueFrom: { configMapKeyRef: { name: 'none', key: 'x', optional: true } } },
  ]
  const envFrom = [{ prefix: 'C_', configMapRef: { name: 'config' } }]
  const given = containerCommand({ ...main, env, envFrom }, context).env
  assert.deepEqual([given.ID, given.NONE, given.C_b, given.KUBERNETES_SERVICE_HOST], ['I', undefined, 'B', '127.0.0.1'])
  const missing = [{ name: 'X', valueFrom: { configMapKeyRef: { name: 'none', key: 'x' } } }]
  assert.throws(() => containerCommand({ ...main, env: missing }, context), { message: 'configmap "none" not found' })
})

test('a projected volume has the content of all its sources, and is not created while one is missing', () => {
  const read = (sources: object[], token?: string): Record<string, [string, number]> => {
    const volume = { name: 'v', projected: { sources, defaultMode: 0o640 } }
    const content = volumeContent(volume, { pod: pod(), addresses, find, token: () => token }) ?? new Map()
    return Object.fromEntries([...content].map(([path, file]) => [path, [file.content.toString(), file.mode]]))
  }
  assert.deepEqual(
    read(
      [
        { configMap: { name: 'config', items: [{ key: 'a.yaml', path: 'x/a.yaml' }] } },
        { secret: { name: 'key' } },
        { secret: { name: 'none', optional: true } },
        { downwardAPI: { items: [{ path: 'ns', fieldRef: { fieldPath: 'metadata.namespace' } }] } },
        { serviceAccountToken: { path: 'token' } },
      ],
      'T',
    ),
    { 'x/a.yaml': ['A', 0o640], id: ['I', 0o640], ns: ['n', 0o640], token: ['T', 0o600] },
  )
  assert.throws(() => read([{ secret: { name: 'none' } }]), { message: 'secret "none" not found' })
  assert.throws(() => read([{ serviceAccountToken: { path: 'token' } }]), { message: 'failed to fetch token' })
  assert.throws(
    () => read([{ configMap: { name: 'config', items: [{ key: 'z', path: 'z' }] } }]),
    /non-existent key "z"/,
  )
})

test('the sources of a Pod are listed without duplicates', () => {
  const volumes = [
    { name: 'a', configMap: { name: 'config' } },
    { name: 'b', secret: { secretName: 'key' } },
    { name: 'c', projected: { sources: [{ configMap: { name: 'config' } }, { secret: { name: 'other' } }] } },
  ]
  const envFrom = [{ secretRef: { name: 'third' } }]
  assert.deepEqual(podSources(pod({ volumes, containers: [{ ...main, envFrom }] })), [
    { kind: 'configmaps', name: 'config' },
    { kind: 'secrets', name: 'key' },
    { kind: 'secrets', name: 'other' },
    { kind: 'secrets', name: 'third' },
  ])
})

test('an image is found by its repository, regardless of tag and digest', () => {
  for (const reference of ['h:5000/t/app', 'h:5000/t/app:1', 'h:5000/t/app@sha256:ab', 'h:5000/t/app:1@sha256:ab']) {
    assert.equal(repositoryOf(reference), 'h:5000/t/app')
  }
  assert.deepEqual(findImage({ 'h:5000/t/app': ['x'] }, 'h:5000/t/app:2')?.entrypoint, ['x'])
  assert.equal(findImage({ 'h:5000/t/app': ['x'] }, 'h:5000/t/other'), undefined)
})

test('the back-off of a crashing container doubles, and is reset after ten minutes of running', () => {
  const backOff = createBackOff(10_000, 40_000)
  assert.deepEqual(
    [1, 1, 1, 1, 1].map((ran) => backOff.next(ran)),
    [0, 10_000, 20_000, 40_000, 40_000],
  )
  assert.equal(backOff.next(600_000), 0)
})

test('a container runs as another user only if the sandbox runs as root', () => {
  const restricted = pod({ securityContext: { runAsUser: 65532, runAsGroup: 3 } })
  assert.deepEqual(podUser(restricted, main, 0), { uid: 65532, gid: 3 })
  assert.deepEqual(podUser(restricted, { ...main, securityContext: { runAsUser: 7 } }, 0), { uid: 7, gid: 3 })
  assert.equal(podUser(restricted, main, 1000), undefined)
  assert.equal(podUser(pod(), main, 0), undefined)
})
