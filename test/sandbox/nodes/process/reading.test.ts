import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { V1Container } from '@kubernetes/client-node'
import fc from 'fast-check'
import type { Pod } from '../../../../sandbox/cluster/pod.ts'
import {
  containerCommand,
  expandVariables,
  fieldValue,
  findImage,
  toHostPaths,
} from '../../../../sandbox/nodes/process/container-command.ts'

const main: V1Container = { name: 'main', image: 'example/app:1' }
function pod(spec: Partial<Pod['spec']> = {}): Pod {
  const metadata = { name: 'p', namespace: 'n', uid: 'u', resourceVersion: '1' }
  return { metadata, spec: { nodeName: 'node', serviceAccountName: 'sa', containers: [main], ...spec } }
}
const podIp = '127.1.2.3'

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
      { name: 'config', mountPath: '/etc/app' },
      { name: 'token', mountPath: '/var/run/token' },
    ],
  }
  const translate = (text: string): string => toHostPaths(text, container, (name) => `/v/${name}`)
  const table: [string, string][] = [
    ['--config=/etc/app/config.yaml', '--config=/v/config/config.yaml'],
    ['/etc/app', '/v/config'],
    ['/var/run/token/id', '/v/token/id'],
    ['/etc/application', '/etc/application'],
    ['/my/etc/app', '/my/etc/app'],
    ['a:/etc/app/x,/var/run/token/y', 'a:/v/config/x,/v/token/y'],
  ]
  for (const [text, expected] of table) assert.equal(translate(text), expected)
})

test('the downward API supports the fields that the chart uses', () => {
  const value = (fieldPath: string): string => fieldValue(pod(), podIp, { fieldPath })
  assert.deepEqual(
    ['metadata.name', 'metadata.namespace', 'metadata.uid', 'status.podIP', 'spec.nodeName'].map(value),
    ['p', 'n', 'u', '127.1.2.3', 'node'],
  )
  assert.throws(() => value('spec.priority'), { message: 'this node does not support the field spec.priority' })
})

test('listening addresses on 127.0.0.1 become the Pod’s, and URLs of services on the machine are unchanged', () => {
  const context = {
    pod: pod(),
    podIp,
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
    { name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
    { name: 'URL', value: 'http://$(IP)/etc' },
  ]
  const given = containerCommand({ ...main, env }, context).env
  assert.deepEqual([given.IP, given.URL, given.KUBERNETES_SERVICE_HOST], [podIp, `http://${podIp}/etc`, '127.0.0.1'])
})

test('a Pod that needs more than the chart’s Pods do is refused with the reason', () => {
  const secretKeyRef = { name: 'key', key: 'id' }
  const rows: [Partial<Pod['spec']>, string][] = [
    [{ containers: [main, { ...main, name: 'sidecar' }] }, 'more than one container'],
    [{ initContainers: [{ ...main, name: 'first' }] }, 'more than one container'],
    [{ restartPolicy: 'Never' }, 'restartPolicy Never'],
    [{ volumes: [{ name: 'scratch', emptyDir: {} }] }, 'the type of volume "scratch"'],
    [{ containers: [{ ...main, env: [{ name: 'ID', valueFrom: { secretKeyRef } }] }] }, 'the source of ID'],
    [{ containers: [{ ...main, envFrom: [{ secretRef: { name: 'key' } }] }] }, 'envFrom'],
  ]
  for (const [spec, reason] of rows) {
    const apiServer = { host: '127.0.0.1', port: 6443 }
    const context = { pod: pod(spec), podIp, entrypoint: ['/app'], apiServer, volumeFolder: (name: string) => name }
    assert.throws(() => containerCommand(main, context), { message: `this node does not support ${reason}` })
  }
})

test('an image is found by its repository, regardless of tag and digest', () => {
  for (const reference of ['h:5000/t/app', 'h:5000/t/app:1', 'h:5000/t/app@sha256:ab', 'h:5000/t/app:1@sha256:ab']) {
    assert.deepEqual(findImage({ 'h:5000/t/app': ['x'] }, reference), ['x'])
  }
  assert.equal(findImage({ 'h:5000/t/app': ['x'] }, 'h:5000/t/other'), undefined)
})
