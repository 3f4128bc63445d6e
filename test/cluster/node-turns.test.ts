import assert from 'node:assert/strict'
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Finding } from '../../src/doctor/finding.ts'
import { createKubeClient, type KubeClient, MERGE_PATCH } from '../../src/kube/client.ts'
import type { Lease } from '../../src/kube/lease-record.ts'
import { NODE_STOP_ANNOTATION } from '../../src/kube/names.ts'
import type { KubeObject } from '../../src/kube/types.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { createTurns } from '../../src/node/daemon/turns.ts'
import { runBin } from '../cli/run-bin.ts'
import { scenario } from '../support/chart/chart.ts'
import { type ChartCluster, openChartCluster } from '../support/cluster/chart-cluster.ts'
import { eventually } from '../support/eventually.ts'
import { linkPrograms, readCommands, typeCommands } from '../support/page-commands.ts'
import { expectSample } from '../support/sample.ts'

// Nodes take turns by the Lease of the chart, with the rights of the chart.

const NAMESPACE = 'acr-nopass-node'
const NAME = 'acr-nopass-node'
const PODS = `/api/v1/namespaces/${NAMESPACE}/pods`
const LEASES = `/apis/coordination.k8s.io/v1/namespaces/${NAMESPACE}/leases`

let chart: ChartCluster
let client: KubeClient
before(async () => {
  chart = await openChartCluster('node-turns')
  await chart.install('acr-nopass', 'acr-system', scenario('node-daemonset'))
  const token = await chart.cluster.serviceAccountToken(NAMESPACE, NAME, [], 3600)
  client = createKubeClient({ server: chart.cluster.server, ca: chart.cluster.caPem, token: () => token })
})
after(async () => {
  client?.close()
  await chart?.[Symbol.asyncDispose]()
})

const problems: unknown[] = []
/** The turns of one node. `leaseMs` is how long a node that vanished keeps its turn. */
const turnsOf = (node: string, leaseMs = 60_000) =>
  createTurns({
    client,
    clock: systemClock,
    random: () => 0,
    namespace: NAMESPACE,
    name: NAME,
    node,
    onProblem: (error) => problems.push(error),
    durations: { leaseMs, renewDeadlineMs: 5_000, retryMs: 200 },
  })
const never = new AbortController().signal
const readLease = (): Promise<Lease> => chart.admin.request<Lease>({ method: 'GET', path: `${LEASES}/${NAME}` })

test('ten nodes take turns, one at a time, and the Lease is free afterwards', async () => {
  let busy = 0
  const seen: number[] = []
  const nodes = Array.from({ length: 10 }, (_, index) => turnsOf(`node-${index}`))
  await Promise.all(
    nodes.map((turns) =>
      turns.take(async () => {
        seen.push(++busy)
        await readLease()
        busy -= 1
      }, never),
    ),
  )
  assert.deepEqual(seen, Array(10).fill(1))
  assert.equal((await readLease()).spec?.holderIdentity, '')
})

test('the mark of a node that undid its change is seen by the next node, and an upgrade of the release keeps it', async () => {
  const mark = { node: 'node-1', config: 'c1', why: 'NODE_UNDONE: broken', at: '2026-12-01T12:00:00Z' }
  await turnsOf('node-1').take(() => turnsOf('node-1').writeStop(mark, never), never)
  await chart.install('acr-nopass', 'acr-system', scenario('node-daemonset'), {
    node: { tolerations: [{ operator: 'Exists' }] },
  })
  let read: string | undefined
  await turnsOf('node-2').take(async () => {
    read = await turnsOf('node-2').readStop(never)
  }, never)
  assert.deepEqual(JSON.parse(read ?? ''), mark)
  assert.equal((await readLease()).metadata.annotations?.[NODE_STOP_ANNOTATION], read)
})

test('a node that waits for its turn gives up when its Pod ends; a turn that has begun ends with its work', async () => {
  const [first, second] = [new AbortController(), new AbortController()]
  const events: string[] = []
  let finish = (): void => undefined
  const begun = new Promise<void>((resolve) => {
    events.push('start')
    finish = resolve
  })
  const one = turnsOf('node-1').take(async () => {
    events.push('work')
    await begun
    events.push('done')
  }, first.signal)
  await eventually(() => assert.ok(events.includes('work')))
  const two = turnsOf('node-2').take(async () => void events.push('other'), second.signal)
  second.abort(new Error('the Pod ends'))
  await assert.rejects(two, /the Pod ends/)
  first.abort(new Error('the Pod ends'))
  finish()
  await assert.rejects(one, /the Pod ends/)
  assert.deepEqual(events, ['start', 'work', 'done'])
  assert.equal((await readLease()).spec?.holderIdentity, '')
})

test('the Pods on nodes may write their own Lease, also where it was deleted, and nothing else', async () => {
  const refused = [
    { method: 'GET', path: '/api/v1/secrets' },
    { method: 'GET', path: `/api/v1/namespaces/${NAMESPACE}/secrets` },
    { method: 'GET', path: `/api/v1/namespaces/${NAMESPACE}/pods` },
    { method: 'GET', path: '/api/v1/nodes' },
    { method: 'GET', path: LEASES },
    { method: 'DELETE', path: `${LEASES}/${NAME}` },
    { method: 'POST', path: LEASES, body: { metadata: { name: 'another' } } },
    { method: 'GET', path: '/apis/coordination.k8s.io/v1/namespaces/acr-system/leases/acr-nopass' },
  ] as const
  for (const call of refused) {
    await assert.rejects(client.request(call), { status: 403 }, `${call.method} ${call.path}`)
  }
})

test('Pod Security lets the Pod of the DaemonSet in where the release made its namespace, and nowhere with "baseline"', async () => {
  const path = `/apis/apps/v1/namespaces/${NAMESPACE}/daemonsets/${NAME}`
  const { spec } = await chart.admin.request<{ spec: { template: { spec: object } } }>({ method: 'GET', path })
  const create = (namespace: string, more: object = {}) =>
    chart.admin.request({
      method: 'POST',
      path: `/api/v1/namespaces/${namespace}/pods`,
      query: { dryRun: 'All' },
      body: { metadata: { name: 'try' }, spec: { ...spec.template.spec, ...more } },
    })
  await create(NAMESPACE)
  await chart.createNamespace('tenant', { 'pod-security.kubernetes.io/enforce': 'baseline' })
  await assert.rejects(create('tenant', { serviceAccountName: 'default' }), /violates PodSecurity.*privileged/)
})

interface DaemonPod extends KubeObject {
  readonly spec: {
    readonly affinity: {
      readonly nodeAffinity: {
        readonly requiredDuringSchedulingIgnoredDuringExecution: {
          readonly nodeSelectorTerms: readonly {
            readonly matchFields: readonly { readonly values: readonly string[] }[]
          }[]
        }
      }
    }
  }
}

/** Creates nodes without a kubelet, and binds the DaemonSet's Pods to them. Returns their names. */
async function createNodes(names: readonly string[]): Promise<readonly string[]> {
  for (const name of names) {
    const body = { metadata: { name, labels: { 'kubernetes.io/os': 'linux' } } }
    await chart.admin.request({ method: 'POST', path: '/api/v1/nodes', body })
  }
  const pods = await eventually(async () => {
    const { items } = await chart.admin.request<{ items: DaemonPod[] }>({ method: 'GET', path: PODS })
    assert.equal(items.length, names.length)
    return items
  }, 60_000)
  for (const { metadata, spec } of pods) {
    const [term] = spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms
    const target = { apiVersion: 'v1', kind: 'Node', name: term?.matchFields[0]?.values[0] }
    const body = { apiVersion: 'v1', kind: 'Binding', metadata: { name: metadata.name, uid: metadata.uid }, target }
    await chart.admin.request({ method: 'POST', path: `${PODS}/${metadata.name}/binding`, body })
  }
  return pods.map(({ metadata }) => metadata.name)
}

interface Report {
  readonly healthy: boolean | null
  readonly unread: readonly { readonly what: string; readonly why: string }[]
  /** The findings about nodes. */
  readonly found: readonly Finding[]
}

async function runDoctor(kubeconfig = chart.cluster.adminKubeconfigFile): Promise<Report> {
  const release = ['--namespace', 'acr-system', '--release', 'acr-nopass']
  const { stdout, stderr } = await runBin(['doctor', '--kubeconfig', kubeconfig, ...release, '-o', 'json'])
  assert.equal(stderr, '')
  const report = JSON.parse(stdout) as Report & { readonly findings: readonly Finding[] }
  return { ...report, found: report.findings.filter(({ id }) => id.startsWith('NODE_')) }
}

/** Waits until doctor finds this about nodes. */
const untilFound = (id: string, message: RegExp) =>
  eventually(async () => {
    const report = await runDoctor()
    assert.deepEqual(
      report.found.map((one) => one.id),
      [id],
    )
    assert.match(report.found[0]?.message ?? '', message)
    return report
  }, 60_000)

test('doctor names the nodes that the DaemonSet has not finished, the node that stopped them, and what it may not read', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'acr-nopass-node-doctor-'))
  try {
    await linkPrograms(folder)
    const type = (block = '') => typeCommands(block, { folder, kubeconfig: chart.cluster.adminKubeconfigFile })
    const unmark = (await readCommands('nodes-daemonset.md')).find((block) => block.includes(' annotate lease '))
    await chart.install('acr-nopass', 'acr-system', scenario('node-daemonset'), {
      node: { tolerations: [{ operator: 'Exists' }] },
    })
    assert.equal(await type(unmark), `lease.coordination.k8s.io/${NAME} annotated\n`)
    await untilFound('NODE_PENDING', /^it has no node$/)
    const pods = await createNodes(['node-1', 'node-2'])
    await untilFound('NODE_PENDING', /^nodes: 0 of 2 are ready; not ready: node-1, node-2$/)

    const why =
      'NODE_UNDONE: the kubelet was not healthy with the new configuration; everything was undone, and the kubelet is healthy again'
    await turnsOf('node-1').writeStop({ node: 'node-1', config: 'c1', why, at: new Date().toISOString() }, never)
    const { healthy, found } = await untilFound('NODE_STOPPED', /; not ready: node-1, node-2$/)
    const [{ severity, subject, command, objects } = assert.fail()] = found
    assert.deepEqual([healthy, severity, subject, objects], [false, 'error', 'node node-1', ['node-1', 'node-2']])
    await copyFile(chart.cluster.adminKubeconfigFile, join(folder, 'kubeconfig.yaml'))
    const shown = await type((await readCommands('nodes-daemonset.md')).find((block) => block.includes(' doctor ')))
    const finding = shown.split('\n\n').find((part) => part.includes(' NODE_STOPPED '))
    expectSample('node-stopped', finding ?? shown, [[/\b20\d\d-[\d:.T-]+Z/g, '2026-12-01T09:00:00.000Z']])

    // Rights of a check of the fleet: those of `view`, and then those that its page adds.
    const reader = join(folder, 'reader')
    await writeFile(reader, chart.cluster.kubeconfigFor('reader', ['acr-nopass-check'], 60))
    await type('kubectl create clusterrolebinding check --clusterrole=view --group=acr-nopass-check')
    const limited = await eventually(async () => {
      const report = await runDoctor(reader)
      assert.deepEqual(
        report.found.map(({ id }) => id),
        ['NODE_PENDING'],
      )
      return report
    }, 60_000)
    const lease = `Whether a node stopped the others, in Lease ${NAMESPACE}/${NAME}`
    assert.match(limited.unread.find(({ what }) => what === lease)?.why ?? '', /User "reader" cannot get resource/)
    const rights = (await readCommands('fleet.md')).find((block) => block.includes(`-n ${NAMESPACE} create role `))
    assert.match(await type(rights), /role\S* created\n.*rolebinding\S* created\n/)
    await eventually(async () => {
      const report = await runDoctor(reader)
      assert.deepEqual([report.found[0]?.id, report.unread.some(({ what }) => what === lease)], ['NODE_STOPPED', false])
    }, 60_000)

    // The suggested command removes the mark. It names the kubeconfig of the run.
    assert.match(await type(command), / annotated\n$/)
    await untilFound('NODE_PENDING', /^nodes: 0 of 2/)
    for (const pod of pods) {
      const condition = { type: 'Ready', status: 'True', lastTransitionTime: new Date().toISOString() }
      const body = { status: { phase: 'Running', conditions: [condition] } }
      await chart.admin.request({ method: 'PATCH', path: `${PODS}/${pod}/status`, contentType: MERGE_PATCH, body })
    }
    await eventually(async () => assert.deepEqual((await runDoctor()).found, []), 60_000)
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('without the Lease, as Argo CD leaves it out, nothing stops the nodes, and one of them creates it', async () => {
  await chart.admin.request({ method: 'DELETE', path: `${LEASES}/${NAME}` })
  assert.equal(await turnsOf('node-1').readStop(never), undefined)
  let worked = false
  await turnsOf('node-1').take(async () => {
    worked = true
  }, never)
  assert.ok(worked)
  assert.equal((await readLease()).spec?.holderIdentity, '')
})
