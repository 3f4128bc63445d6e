import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KubeApiError } from '../../src/kube/api-error.ts'
import type { KubeClient } from '../../src/kube/client.ts'
import type { RunFolder } from '../../src/rollout/run-folder.ts'
import { verifyNode } from '../../src/rollout/verify/verify-node.ts'

interface Setup {
  readonly existing?: string
  /** What the cluster adds to each Pod. */
  readonly added?: readonly string[]
  readonly container?: object
  /** How often the ServiceAccount is not there yet. */
  readonly late?: number
  /** How often the kubelet of the Pod's node has called the program. Undefined: not readable. */
  readonly program?: number | undefined
}

/** Verifies a node in a cluster without a helper. Returns the note, and what was written. */
async function verify({ existing, added = [], container = { imageID: 'sha256:1' }, late = 0, ...rest }: Setup) {
  const calls: string[] = []
  const program = 'program' in rest ? rest.program : 3
  let absent = late
  const request = async (call: { method: string; path: string; query?: { dryRun?: string }; body?: Body }) => {
    const { method, path, query, body } = call
    const name = body === undefined ? '' : `/${body.metadata.name}`
    const line = `${method} ${path}${name}${query?.dryRun ? ' (dry run)' : ''}`
    if (method !== 'GET') calls.push(line.replaceAll(/probe-[0-9a-f]{8}/g, 'probe-X'))
    if (method === 'GET' && path.includes('/serviceaccounts/') && absent-- > 0) throw new KubeApiError(404, 'not found')
    if (method === 'POST' && path.endsWith('/pods')) {
      return {
        ...body,
        spec: { ...body?.spec, ...(added.length > 0 && { imagePullSecrets: added.map((name) => ({ name })) }) },
      }
    }
    if (path === '/api/v1/nodes/n1/proxy/metrics') {
      if (program === undefined) throw new KubeApiError(403, 'forbidden')
      return `kubelet_credential_provider_plugin_duration_count{plugin_name="acr-nopass-provider"} ${program}\n`
    }
    if (path.includes('/pods/'))
      return { spec: { nodeName: 'n1' }, status: { containerStatuses: [{ name: 'image', ...container }] } }
    return { metadata: {}, items: [] }
  }
  const note = await verifyNode({
    client: { request } as unknown as KubeClient,
    folder: { note: () => undefined, noteEnd: () => undefined } as unknown as RunFolder,
    target: { release: 'r', namespace: 'n', kubeconfig: 'k' },
    existing,
    image: 'r.example/app:1',
    limitMs: 5_000,
    report: () => undefined,
    signal: AbortSignal.timeout(60_000),
  }).catch((error) => `${error.code} ${error.message}`)
  return { note: note.replaceAll(/\d+ ms/g, 'N ms'), calls }
}

interface Body {
  readonly metadata: { readonly name: string }
  readonly spec?: object
}

test('P16 a Pod without any pull secret shows that a node pulls, and everything of it is removed', async () => {
  assert.deepEqual(await verify({}), {
    note: 'without a Secret: r.example/app:1 was pulled after N ms by node n1, whose kubelet calls the program; other nodes were not checked',
    calls: [
      'POST /api/v1/namespaces/acr-nopass-probe-X',
      'POST /api/v1/namespaces/acr-nopass-probe-X/pods/image (dry run)',
      'POST /api/v1/namespaces/acr-nopass-probe-X/pods/image',
      'DELETE /api/v1/namespaces/acr-nopass-probe-X',
    ],
  })
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
    /by node n1; whether its kubelet called the program is not known \(the deployer lacks get of nodes\/proxy\);/,
  )
})

test('the ServiceAccount of a new namespace may come late', async () => {
  const { note } = await verify({ late: 2 })
  assert.match(note, /was pulled/)
})

test('a node without the program: VERIFY_IMAGE with the words of the node', async () => {
  const container = { state: { waiting: { reason: 'ErrImagePull', message: 'pull access denied: not found' } } }
  const { note, calls } = await verify({ container })
  assert.match(note, /^VERIFY_IMAGE r\.example\/app:1 was not pulled in \d+ s; ErrImagePull: pull access denied/)
  assert.equal(calls.at(-1), 'DELETE /api/v1/namespaces/acr-nopass-probe-X')
})
