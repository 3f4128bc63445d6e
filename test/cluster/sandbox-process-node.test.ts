import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Pod } from '../../sandbox/cluster/pod.ts'
import { type Cluster, startCluster } from '../../sandbox/cluster/start-cluster.ts'
import { type ProcessNode, type RunningPod, startProcessNode } from '../../sandbox/nodes/process/process-node.ts'
import { MERGE_PATCH } from '../../src/kube/client.ts'
import { ensureTools } from '../../tools/build/ensure-tools.ts'
import { RUN_VARIABLE } from '../../tools/process/clean-up.ts'
import { findByEnvironment } from '../../tools/process/process-table.ts'
import { eventually } from '../support/eventually.ts'
import { readPodLog } from '../support/node/pod-log.ts'
import { silentProgress } from '../support/silent-progress.ts'
import { serverDeployment } from './fixtures/server-deployment.ts'

let cluster: Cluster
let node: ProcessNode
before(async () => {
  const signal = AbortSignal.timeout(30 * 60_000)
  const names = ['etcd', 'kube-apiserver', 'kube-controller-manager'] as const
  cluster = await startCluster({
    name: 'pn',
    tools: await ensureTools(names, { progress: silentProgress, signal }),
    signal,
  })
  const server = fileURLToPath(new URL('fixtures/server.ts', import.meta.url))
  const images = { 'example/server': [process.execPath, server], 'example/sh': ['/bin/sh'] }
  node = await startProcessNode({ cluster, images, backOffMs: 200 })
  await post('/api/v1/namespaces/default/configmaps', { metadata: { name: 'config' }, data: { 'config.yaml': 'one' } })
  await post('/apis/apps/v1/namespaces/default/deployments', serverDeployment)
  await eventually(async () => assert.equal((await available()).availableReplicas, 2), 20_000)
})
after(async () => {
  await node?.stop()
  await cluster?.stop()
})

const post = (path: string, body: object): Promise<unknown> => cluster.admin.request({ method: 'POST', path, body })
const get = <T>(path: string): Promise<T> => cluster.admin.request<T>({ method: 'GET', path })

const available = async (): Promise<{ availableReplicas?: number }> =>
  (await get<{ status: { availableReplicas?: number } }>('/apis/apps/v1/namespaces/default/deployments/server')).status
const pods = '/api/v1/namespaces/default/pods'
const podOf = (name: string): Promise<Pod> => get<Pod>(`${pods}/${name}`)
const servers = (): RunningPod[] => node.pods().filter(({ name }) => name.startsWith('server-'))
const server = (index = 0): RunningPod => {
  const found = servers()[index]
  assert.ok(found)
  return found
}
const query = async (pod: RunningPod, path = '/'): Promise<string> =>
  (await fetch(`http://${pod.ip}:8080${path}`)).text()
const file = (pod: RunningPod, path: string): Promise<string> => query(pod, `/file?path=${encodeURIComponent(path)}`)

test('a Deployment of two becomes available: each Pod with its own address, args and env as its spec requires', async () => {
  assert.equal(new Set(servers().map(({ ip }) => ip)).size, 2)
  const pod = server()
  const started = JSON.parse(await query(pod))
  const { config, ...given } = started.given
  assert.deepEqual(given, { address: `${pod.ip}:8080`, who: pod.name, dollar: '$(POD_NAME)' })
  assert.match(config, /\/volumes\/config\/config\.yaml$/)
  const { POD_IP, NODE_NAME, HELLO, HOSTNAME, KUBERNETES_SERVICE_PORT } = started.env
  assert.deepEqual(
    { POD_IP, NODE_NAME, HELLO, HOSTNAME, KUBERNETES_SERVICE_PORT },
    {
      POD_IP: pod.ip,
      NODE_NAME: 'process-node',
      HELLO: `from ${pod.name} of $(NOBODY)`,
      HOSTNAME: pod.name,
      KUBERNETES_SERVICE_PORT: new URL(cluster.server).port,
    },
  )
  const { status } = await podOf(pod.name)
  assert.equal(status?.podIP, pod.ip)
  const [container] = status?.containerStatuses ?? []
  assert.deepEqual([container?.ready, container?.started, container?.restartCount], [true, true, 0])
  assert.equal(container?.imageID, container?.image)
})

test('a changed ConfigMap arrives in the volume within a second', async () => {
  const { given } = JSON.parse(await query(server()))
  assert.equal(await file(server(), given.config), 'one')
  const path = '/api/v1/namespaces/default/configmaps/config'
  const body = { data: { 'config.yaml': 'two' } }
  await cluster.admin.request({ method: 'PATCH', path, contentType: MERGE_PATCH, body })
  await eventually(async () => assert.equal(await file(server(), given.config), 'two'), 1_000, 20)
})

test('the ServiceAccount token is bound to the Pod, works, and is replaced in place', async () => {
  const pod = server(1)
  const { given } = JSON.parse(await query(pod))
  const folder = given.config.replace(/config\/config.yaml$/, '')
  const spec = (await podOf(pod.name)).spec
  const volume = spec.volumes?.find(({ name }) => name.startsWith('kube-api-access'))
  const token = `${folder}${volume?.name}/token`
  const before = await file(pod, token)
  const claims = JSON.parse(Buffer.from(before.split('.')[1] ?? '', 'base64url').toString())
  assert.equal(claims['kubernetes.io'].pod.name, pod.name)
  assert.equal(await file(pod, `${folder}${volume?.name}/ca.crt`), cluster.caPem)
  node.rotateTokens(`default/${pod.name}`)
  await eventually(async () => assert.notEqual(await file(pod, token), before))
})

test('kubectl logs can read the log', async () => {
  const pod = server()
  assert.equal(node.log(`default/${pod.name}`), `listens on ${pod.ip}:8080\n`)
  const text = await readPodLog(cluster.adminConnection, 'default', pod.name)
  assert.equal(text, `listens on ${pod.ip}:8080\n`)
})

test('a killed container is restarted and counted', async () => {
  const pod = server()
  assert.equal(node.signal(`default/${pod.name}`, 'SIGKILL'), true)
  await eventually(async () => {
    const [container] = (await podOf(pod.name)).status?.containerStatuses ?? []
    assert.equal(container?.restartCount, 1)
    assert.equal(container?.ready, true)
    const { exitCode, signal } = container?.lastState?.terminated ?? {}
    assert.deepEqual([exitCode, signal], [137, 9])
  })
  assert.equal(JSON.parse(await query(pod)).given.who, pod.name)
})

test('a paused Pod becomes unready, and ready again when it continues', async () => {
  const pod = server(1)
  const ready = async (): Promise<string | undefined> =>
    (await podOf(pod.name)).status?.conditions?.find(({ type }) => type === 'Ready')?.status
  node.signal(`default/${pod.name}`, 'SIGSTOP')
  await eventually(async () => assert.equal(await ready(), 'False'))
  node.signal(`default/${pod.name}`, 'SIGCONT')
  await eventually(async () => assert.equal(await ready(), 'True'))
})

test('a deleted Pod gets SIGTERM, and its object is removed afterwards', async () => {
  const pod = server()
  const log = node.log(`default/${pod.name}`)
  await cluster.admin.request({ method: 'DELETE', path: `/api/v1/namespaces/default/pods/${pod.name}` })
  await eventually(async () => await assert.rejects(podOf(pod.name), { status: 404 }))
  await eventually(async () => assert.equal((await available()).availableReplicas, 2), 20_000)
  assert.ok(!servers().some(({ uid }) => uid === pod.uid))
  assert.notEqual(log, '')
})

const simple = (name: string, container: object, spec: object = {}): object => ({
  metadata: { name },
  spec: {
    terminationGracePeriodSeconds: 1,
    containers: [{ name: 'main', image: 'example/sh', ...container }],
    ...spec,
  },
})
/**
 * Returns the reasons of a Pod's Events, each with the time from which `kubectl describe` counts
 * its age.
 */
const events = async (name: string): Promise<string[]> => {
  const list = await get<{ items: { reason: string; firstTimestamp: string | null }[] }>(
    `/api/v1/namespaces/default/events?fieldSelector=involvedObject.name=${name}`,
  )
  for (const { firstTimestamp } of list.items) assert.ok(firstTimestamp)
  return list.items.map(({ reason }) => reason)
}
const phase = async (name: string, expected: string): Promise<void> =>
  eventually(async () => assert.equal((await podOf(name)).status?.phase, expected))
const waiting = async (name: string): Promise<string | undefined> => {
  const [container] = (await podOf(name)).status?.containerStatuses ?? []
  return container?.state?.waiting?.reason
}

test('a Pod that this node does not support reports why its container does not start', async () => {
  await post(pods, simple('job', { args: ['-c', 'exit 0'] }, { restartPolicy: 'Never' }))
  await eventually(async () => assert.equal(await waiting('job'), 'RunContainerError'))
})

test('a container that exits repeatedly is in CrashLoopBackOff', async () => {
  await post(pods, simple('crash', { args: ['-c', 'exit 1'] }))
  await eventually(async () => assert.equal(await waiting('crash'), 'CrashLoopBackOff'))
  await eventually(async () => assert.ok((await events('crash')).includes('BackOff')))
})

test('a Pod whose image is not on the node reports ErrImagePull', async () => {
  await post(pods, simple('noimage', { image: 'example/none:1' }))
  await eventually(async () => assert.equal(await waiting('noimage'), 'ErrImagePull'))
})

test('a Pod waits for a missing Secret with FailedMount, and starts when it is created', async () => {
  const volumes = [{ name: 'late', projected: { sources: [{ secret: { name: 'late' } }] } }]
  const container = {
    args: ['-c', 'cat /late/word; exec sleep 100'],
    volumeMounts: [{ name: 'late', mountPath: '/late' }],
  }
  await post(pods, simple('late', container, { volumes }))
  await eventually(async () => assert.ok((await events('late')).includes('FailedMount')))
  assert.equal((await podOf('late')).status?.phase, 'Pending')
  await post('/api/v1/namespaces/default/secrets', { metadata: { name: 'late' }, stringData: { word: 'came' } })
  await phase('late', 'Running')
  await eventually(() => assert.equal(node.log('default/late'), 'came'))
})

test('a failing liveness probe restarts the container', async () => {
  const livenessProbe = { httpGet: { path: '/', port: 9 }, periodSeconds: 1, failureThreshold: 1 }
  await post(pods, simple('sick', { args: ['-c', 'exec sleep 100'], livenessProbe }))
  await eventually(async () => {
    const [container] = (await podOf('sick')).status?.containerStatuses ?? []
    assert.ok((container?.restartCount ?? 0) > 0)
  })
  await eventually(async () => assert.ok((await events('sick')).includes('Unhealthy')))
})

test('a Pod that fits no node stays pending with a condition that explains it', async () => {
  await post(pods, simple('alien', {}, { nodeSelector: { 'kubernetes.io/os': 'plan9' } }))
  await eventually(async () => {
    const condition = (await podOf('alien')).status?.conditions?.find(({ type }) => type === 'PodScheduled')
    assert.deepEqual([condition?.status, condition?.reason], ['False', 'Unschedulable'])
  })
})

test('a stopped node leaves no child process behind', async () => {
  await node.stop()
  const left = findByEnvironment(RUN_VARIABLE, cluster.run.id).map(({ pid }) => pid)
  const plane = [cluster.apiServer, cluster.controllerManager].map(({ id }) => id.pid)
  assert.deepEqual(left.length, plane.length + 1, 'API server, controller-manager and etcd')
  assert.ok(plane.every((pid) => left.includes(pid)))
})
