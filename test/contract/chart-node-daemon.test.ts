import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { type ManifestObject, parseManifest } from '../../src/helm/release/manifest.ts'
import { NODE_APP } from '../../src/kube/names.ts'
import { readSettings } from '../../src/node/daemon/read-settings.ts'
import { findDaemon } from '../../src/rollout/release/release-parts.ts'
import { openHelm, scenario } from '../support/chart/chart.ts'

const helm = await openHelm('helm4')
after(() => helm[Symbol.asyncDispose]())

const HOME = 'acr-system'
const NODES = 'acr-nopass-node'
const ON = scenario('node-daemonset')

async function render(...values: (string | object)[]): Promise<readonly ManifestObject[]> {
  return parseManifest(await helm.render({ values, namespace: HOME }))
}

interface PodTemplate {
  readonly metadata: { readonly labels: Readonly<Record<string, string>>; readonly annotations: object }
  readonly spec: {
    readonly hostPID: boolean
    readonly hostNetwork?: boolean
    readonly hostIPC?: boolean
    readonly priorityClassName?: string
    readonly imagePullSecrets?: object
    readonly nodeSelector: object
    readonly tolerations?: object
    readonly containers: readonly {
      readonly image: string
      readonly readinessProbe: { readonly periodSeconds: number }
      readonly resources: object
      readonly securityContext: object
    }[]
    readonly volumes: readonly Readonly<Record<string, unknown>>[]
  }
}

async function templateOf(...values: (string | object)[]): Promise<PodTemplate> {
  const found = (await render(...values)).find(({ kind }) => kind === 'DaemonSet')
  assert.ok(found)
  return (found.body as { spec: { template: PodTemplate } }).spec.template
}

test('nothing privileged is rendered unless `node.enabled` asks for it', async () => {
  for (const name of ['minimal', 'teams', 'retire']) {
    const objects = await render(scenario(name))
    assert.deepEqual(
      objects.filter(({ kind, namespace }) => kind === 'DaemonSet' || namespace === NODES),
      [],
    )
    assert.doesNotMatch(JSON.stringify(objects), /"privileged":true|"hostPID"/)
  }
})

test('all objects of the DaemonSet are in its own namespace, which the release creates only if it is asked to', async () => {
  const own = (await render(ON)).filter(({ namespace }) => namespace !== HOME && namespace !== undefined)
  assert.deepEqual(own.map(({ kind, namespace, name }) => `${kind} ${namespace}/${name}`).sort(), [
    `ConfigMap ${NODES}/${NODES}`,
    `DaemonSet ${NODES}/${NODES}`,
    `Lease ${NODES}/${NODES}`,
    `Role ${NODES}/${NODES}`,
    `RoleBinding ${NODES}/${NODES}`,
    `ServiceAccount ${NODES}/${NODES}`,
  ])
  const namespaces = async (...values: object[]) =>
    (await render(ON, ...values)).filter(({ kind }) => kind === 'Namespace').map(({ name, body }) => ({ name, body }))
  const [made] = await namespaces({ node: { namespace: 'tools' } })
  assert.ok(made)
  const { labels } = (made.body as { metadata: { labels: Record<string, string> } }).metadata
  assert.deepEqual([made.name, labels['pod-security.kubernetes.io/enforce']], ['tools', 'privileged'])
  assert.deepEqual(await namespaces({ node: { createNamespace: false } }), [])
})

test('the DaemonSet has one right in the cluster: its own Lease', async () => {
  const objects = await render(ON)
  const rules = objects.flatMap(({ kind, namespace, body }) =>
    kind === 'Role' && namespace === NODES ? [body.rules] : [],
  )
  assert.deepEqual(rules, [
    [
      {
        apiGroups: ['coordination.k8s.io'],
        resources: ['leases'],
        resourceNames: [NODES],
        verbs: ['get', 'watch', 'create', 'update', 'patch'],
      },
    ],
  ])
  const bound = objects.filter(
    ({ kind, body }) => kind.endsWith('Binding') && JSON.stringify(body.subjects ?? []).includes(NODES),
  )
  assert.deepEqual(
    bound.map(({ kind, namespace }) => [kind, namespace]),
    [['RoleBinding', NODES]],
  )
})

test('the Pod sees the processes of its host, is privileged, and gets nothing else of the host', async () => {
  const { spec } = await templateOf(ON)
  assert.deepEqual([spec.hostPID, spec.hostNetwork, spec.hostIPC], [true, undefined, undefined])
  assert.deepEqual(
    spec.containers.map(({ securityContext }) => securityContext),
    [{ privileged: true, readOnlyRootFilesystem: true, runAsUser: 0 }],
  )
  assert.deepEqual(
    spec.volumes.filter((volume) => 'hostPath' in volume || 'secret' in volume),
    [],
  )
})

test('a Pod counts as ready only after a probe, also if the kubelet was restarted meanwhile', async () => {
  const found = (await render(ON)).find(({ kind }) => kind === 'DaemonSet')
  assert.ok(found)
  const { minReadySeconds, template } = (found.body as { spec: { minReadySeconds: number; template: PodTemplate } })
    .spec
  const [container] = template.spec.containers
  assert.ok(minReadySeconds > 2 * (container?.readinessProbe.periodSeconds ?? Number.NaN))
})

test('no selector of the helper matches the Pods on nodes', async () => {
  const { metadata } = await templateOf(ON)
  assert.equal(metadata.labels['app.kubernetes.io/name'], NODE_APP)
  const everything = await render(scenario('everything'))
  const selectors = [
    ...JSON.stringify(everything).matchAll(/"matchLabels":\{([^{}]*app\.kubernetes\.io\/name[^{}]*)\}/g),
  ]
  assert.ok(selectors.length > 1)
  for (const [, labels = ''] of selectors.filter(([, labels]) => !labels?.includes(NODE_APP)))
    assert.match(labels, /"app\.kubernetes\.io\/name":"acr-nopass"/)
})

test("the program of the DaemonSet accepts what the chart writes, and ignores the helper's keys", async () => {
  for (const values of [ON, scenario('everything')]) {
    const config = (await render(values)).find(
      ({ kind, body }) => kind === 'ConfigMap' && 'node.yaml' in (body.data as object),
    )
    assert.ok(config)
    const text = (config.body.data as { 'node.yaml': string })['node.yaml']
    const { profile, remove } = readSettings(text)
    assert.deepEqual([profile, remove], values === ON ? ['ack', false] : ['kubeadm', true])
  }
})

test('other registries or another mode give other Pods; keys of the helper do not', async () => {
  const checksum = async (more: object) => JSON.stringify((await templateOf(ON, more)).metadata.annotations)
  const usual = await checksum({})
  assert.equal(await checksum({ logLevel: 'debug', replicas: 3 }), usual)
  assert.notEqual(await checksum({ node: { remove: true } }), usual)
  assert.notEqual(await checksum({ region: 'cn-hangzhou' }), usual)
})

test('keys of the Pod reach it', async () => {
  const tolerations = [{ key: 'a', operator: 'Exists' }]
  const more = {
    node: {
      nodeSelector: { pool: 'a' },
      tolerations,
      priorityClassName: 'system-node-critical',
      resources: { limits: { memory: '1Gi' } },
    },
    imagePullSecrets: [{ name: 'login' }],
    image: { registry: 'registry.example.com' },
  }
  const { spec } = await templateOf(ON, more)
  const { nodeSelector, priorityClassName, imagePullSecrets, containers } = spec
  assert.deepEqual(
    { nodeSelector, tolerations: spec.tolerations, priorityClassName, imagePullSecrets },
    {
      nodeSelector: { 'kubernetes.io/os': 'linux', pool: 'a' },
      tolerations,
      priorityClassName: 'system-node-critical',
      imagePullSecrets: [{ name: 'login' }],
    },
  )
  assert.match(containers[0]?.image ?? '', /^registry\.example\.com\//)
  assert.match(JSON.stringify(containers[0]?.resources), /"memory":"1Gi"/)
})

test('a rollout finds the DaemonSet in the rendered objects', async () => {
  const { content = '', ...found } = findDaemon(await render(ON), HOME) ?? {}
  assert.deepEqual(found, { namespace: NODES, name: NODES, removes: false })
  // Whatever changes on nodes is part of the content, and the helper is not.
  const contentOf = async (more: object) => findDaemon(await render(ON, more), HOME)?.content
  assert.equal(await contentOf({ logLevel: 'debug' }), content)
  for (const node of [{ nodeSelector: { pool: 'a' } }, { profile: 'kubeadm' }]) {
    assert.notEqual(await contentOf({ node }), content)
  }
  assert.equal(findDaemon(await render(scenario('node-remove')), HOME)?.removes, true)
  assert.equal(findDaemon(await render(scenario('minimal')), HOME), undefined)
})
