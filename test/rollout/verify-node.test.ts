import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KubeApiError } from '../../src/kube/api-error.ts'
import type { KubeClient } from '../../src/kube/client.ts'
import type { RunFolder } from '../../src/rollout/run-folder.ts'
import { verifyNode, verifyPluginNode } from '../../src/rollout/verify/verify-node.ts'

interface Setup {
  readonly existing?: string
  /** What the cluster adds to each Pod. */
  readonly added?: readonly string[]
  readonly container?: object
  /** How often the ServiceAccount is not there yet. */
  readonly late?: number
  /** How often the kubelet of the Pod's node has called the program. Undefined: not readable. */
  readonly program?: number | undefined
  /** True if the deployer may not read ServiceAccounts. */
  readonly hidesAccounts?: boolean
  /** The node of the Pod. Null if its object does not show it. */
  readonly node?: null
  /** True: a helper serves the other namespaces. */
  readonly besideHelper?: boolean
}

/** Verifies a node in a cluster without a helper. Returns the note, and what was written. */
async function verify({ existing, added = [], container = { imageID: 'sha256:1' }, late = 0, ...rest }: Setup) {
  const calls: string[] = []
  const bodies: Body[] = []
  const lines: string[] = []
  const program = 'program' in rest ? rest.program : 3
  let absent = late
  let reads = 0
  const request = async (call: { method: string; path: string; query?: { dryRun?: string }; body?: Body }) => {
    const { method, path, query, body } = call
    const name = body === undefined ? '' : `/${body.metadata.name}`
    if (body !== undefined) bodies.push(body)
    const line = `${method} ${path}${name}${query?.dryRun ? ' (dry run)' : ''}`
    if (method !== 'GET') calls.push(line.replaceAll(/probe-[0-9a-f]{8}/g, 'probe-X'))
    if (method === 'GET' && /\/serviceaccounts\/[^/]+$/.test(path)) reads++
    if (rest.hidesAccounts && path.includes('/serviceaccounts/')) throw new KubeApiError(403, 'forbidden')
    if (method === 'GET' && path.includes('/serviceaccounts/') && absent-- > 0) throw new KubeApiError(404, 'not found')
    if (method === 'POST' && path.endsWith('/pods')) {
      return {
        ...body,
        spec: { ...body?.spec, ...(added.length > 0 && { imagePullSecrets: added.map((name) => ({ name })) }) },
      }
    }
    if (path === '/api/v1/nodes') return { metadata: {}, items: NODES }
    if (/^\/api\/v1\/nodes\/(?!n1)/.test(path)) return ''
    if (path === '/api/v1/nodes/n1/proxy/metrics') {
      if (program === undefined) throw new KubeApiError(403, 'forbidden')
      return `kubelet_credential_provider_plugin_duration_count{plugin_name="acr-nopass-provider"} ${program}\n`
    }
    if (path.includes('/pods/'))
      return {
        spec: rest.node === null ? {} : { nodeName: 'n1' },
        status: { containerStatuses: [{ name: 'image', ...container }] },
      }
    return { metadata: {}, items: [] }
  }
  const work = rest.besideHelper ? verifyPluginNode : verifyNode
  const note = await work({
    client: { request } as unknown as KubeClient,
    folder: { note: () => undefined, noteEnd: () => undefined } as unknown as RunFolder,
    target: { release: 'r', namespace: 'n', kubeconfig: 'k' },
    existing,
    image: 'r.example/app:1',
    limitMs: 5_000,
    report: (line) => lines.push(line),
    signal: AbortSignal.timeout(60_000),
  }).catch((error) => `${error.code} ${error.message}`)
  if (lines.length > 0) assert.deepEqual(lines, [note])
  return { note: note.replaceAll(/\d+ ms/g, 'N ms'), calls, bodies, lines, reads }
}

const condition = (status: string) => ({ conditions: [{ type: 'Ready', status }] })

/** Only n1 has the program. Some nodes cannot run a Pod. */
const NODES = [
  { metadata: { name: 'down' }, status: condition('Unknown') },
  { metadata: { name: 'drained' }, spec: { unschedulable: true }, status: condition('True') },
  { metadata: { name: 'plain' }, status: condition('True') },
  { metadata: { name: 'n1' }, status: condition('True') },
]

interface Body {
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> }
  readonly spec?: { readonly affinity?: object; readonly containers?: readonly { readonly image: string }[] }
}

test('P16 a Pod without any pull secret shows that a node pulls, and everything of it is removed', async () => {
  const { note, calls } = await verify({})
  assert.deepEqual(
    { note, calls },
    {
      note: 'without a Secret: r.example/app:1 was pulled after N ms by node n1, whose kubelet calls the program; other nodes were not checked',
      calls: [
        'POST /api/v1/namespaces/acr-nopass-probe-X',
        'POST /api/v1/namespaces/acr-nopass-probe-X/pods/image (dry run)',
        'POST /api/v1/namespaces/acr-nopass-probe-X/pods/image',
        'DELETE /api/v1/namespaces/acr-nopass-probe-X',
      ],
    },
  )
})

test('in a namespace that exists, the Pod uses a ServiceAccount of its own', async () => {
  const { note, calls } = await verify({ existing: 'checks' })
  assert.match(note, /was pulled after N ms/)
  assert.deepEqual(calls, [
    'POST /api/v1/namespaces/checks/serviceaccounts/acr-nopass-probe-X',
    'POST /api/v1/namespaces/checks/pods/acr-nopass-probe-X (dry run)',
    'POST /api/v1/namespaces/checks/pods/acr-nopass-probe-X',
    'DELETE /api/v1/namespaces/checks/pods/acr-nopass-probe-X',
    'DELETE /api/v1/namespaces/checks/serviceaccounts/acr-nopass-probe-X',
  ])
})

test('a pull secret that the cluster adds would make the pull prove nothing, so no Pod is created', async () => {
  const { note, calls } = await verify({ added: ['regcred'] })
  assert.match(note, /r\.example\/app:1 was not checked: the cluster adds pull secrets to Pods there \(regcred\)/)
  assert.ok(!calls.includes('POST /api/v1/namespaces/acr-nopass-probe-X/pods/image'))
})

test('a pull proves nothing about a node whose kubelet never called the program, or cannot be read', async () => {
  assert.match(
    (await verify({ program: 0 })).note,
    /by node n1, but its kubelet has not called the program: the image may be public;/,
  )
  assert.match(
    (await verify({ program: undefined })).note,
    /by node n1; whether its kubelet called the program is not known \(the deployer lacks list of nodes or get of nodes\/proxy\);/,
  )
})

test('the ServiceAccount of a new namespace may come late', async () => {
  const { note, reads } = await verify({ late: 2 })
  assert.match(note, /was pulled/)
  assert.equal(reads, 3)
})

test('a node without the program: VERIFY_IMAGE with the words of the node', async () => {
  const container = { state: { waiting: { reason: 'ErrImagePull', message: 'pull access denied: not found' } } }
  const { note, calls } = await verify({ container })
  assert.match(note, /^VERIFY_IMAGE r\.example\/app:1 was not pulled in \d+ s; ErrImagePull: pull access denied/)
  assert.equal(calls.at(-1), 'DELETE /api/v1/namespaces/acr-nopass-probe-X')
})

test('beside a helper, a Pod in a namespace that is no target shows that a node with the program pulls', async () => {
  const { note, calls, bodies } = await verify({ besideHelper: true })
  assert.equal(
    note,
    'without a Secret: r.example/app:1 was pulled after N ms by node n1, whose kubelet calls the program; other nodes were not checked',
  )
  assert.deepEqual(calls, [
    'POST /api/v1/namespaces/acr-nopass-probe-X',
    'POST /api/v1/namespaces/acr-nopass-probe-X/pods/image (dry run)',
    'POST /api/v1/namespaces/acr-nopass-probe-X/pods/image',
    'DELETE /api/v1/namespaces/acr-nopass-probe-X',
  ])
  assert.deepEqual(bodies[0]?.metadata.labels, { 'acr-nopass.io/probe': 'true', 'acr-nopass.io/skip': 'true' })
  const term = { matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n1'] }] }
  assert.deepEqual(bodies.at(-1)?.spec?.affinity, {
    nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [term] } },
  })
})

test('beside a helper, nothing is created where no node is known to have the program', async () => {
  for (const [setup, why] of [
    [{ program: 0 }, 'none of 2 Ready nodes has a kubelet that has called the program'],
    [{ program: undefined }, 'the deployer lacks list of nodes or get of nodes/proxy'],
    [{ existing: 'checks' }, 'verify-namespace names a target, whose Pods have a Secret'],
  ] as const) {
    const { note, calls } = await verify({ ...setup, besideHelper: true })
    assert.equal(note, `without a Secret: r.example/app:1 was not checked: ${why}`)
    assert.deepEqual(calls, [])
  }
})

test('beside a helper, a node with the program that cannot pull fails the verification: VERIFY_IMAGE', async () => {
  const container = { state: { waiting: { reason: 'ErrImagePull', message: 'pull access denied: not found' } } }
  const { note, calls } = await verify({ container, besideHelper: true })
  assert.match(note, /^VERIFY_IMAGE r\.example\/app:1 was not pulled/)
  assert.equal(calls.at(-1), 'DELETE /api/v1/namespaces/acr-nopass-probe-X')
})

test('what is verified is reported once, also if it was not checked', async () => {
  for (const setup of [{}, { besideHelper: true }, { besideHelper: true, existing: 'checks' }, { added: ['regcred'] }])
    assert.equal((await verify(setup)).lines.length, 1, JSON.stringify(setup))
})

test('the pull secrets of the cluster are looked for in a Pod with the same ServiceAccount and image', async () => {
  const { bodies } = await verify({ existing: 'checks' })
  const [account, tried] = bodies
  const name = account?.metadata.name ?? assert.fail()
  const { containers = [], ...spec } = tried?.spec ?? {}
  assert.deepEqual([tried?.metadata, spec], [{ name }, { serviceAccountName: name }])
  assert.deepEqual(
    containers.map(({ image }) => image),
    ['r.example/app:1'],
  )
})

test('a deployer that may not read ServiceAccounts creates the Pod at once; a Pod without a node names none', async () => {
  assert.match((await verify({ hidesAccounts: true })).note, /was pulled after N ms by node n1/)
  const { note } = await verify({ node: null })
  assert.equal(note, 'without a Secret: r.example/app:1 was pulled after N ms; other nodes were not checked')
})
