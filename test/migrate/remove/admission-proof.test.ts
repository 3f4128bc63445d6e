import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { addCleanup } from '../../../src/cli/cleanup/command.ts'
import { runCli } from '../../../src/cli/program/run-command-line.ts'
import type { HelperConfig } from '../../../src/values/generated/helper-config.ts'
import { ROOT } from '../../cli/run-bin.ts'
import { type FakeApiServer, type FakeObject, startFakeApiServer } from '../../support/fake-api-server.ts'
import { AGGREGATION } from '../import/recipe-2018.ts'
import { HOST, labels, MINUTE, object, oldSecret, switched } from './switched-cluster.ts'

async function open(t: TestContext, objects: readonly FakeObject[]): Promise<FakeApiServer> {
  const cluster = await startFakeApiServer(objects)
  t.after(() => cluster[Symbol.asyncDispose]())
  return cluster
}

/** Runs the command in this process. */
async function cleanup(t: TestContext, cluster: FakeApiServer) {
  const folder = await mkdtemp(join(tmpdir(), 'acr-nopass-admission-'))
  t.after(() => rm(folder, { recursive: true }))
  const file = join(folder, 'kubeconfig')
  await writeFile(file, cluster.kubeconfig)
  let stdout = ''
  const confirm = ['--confirm', 'aliyun-acr-credential-helper/1']
  const code = await runCli(
    {
      argv: ['cleanup', '--legacy', '--kubeconfig', file, ...confirm],
      program: 'acr-nopass',
      env: {},
      workingDirectory: ROOT,
      pid: process.pid,
      root: ROOT,
      temporaryFolder: folder,
      stdout: { write: (text: string) => (stdout += text) },
      stderr: { write: (text: string) => (stdout += text) },
      signal: t.signal,
    },
    [addCleanup],
  )
  return { code, stdout }
}

const IMAGES = 'images.example.com'
/** A policy of a release with its binding; all releases of one name have the same labels. */
function podPolicy(name: string, spec: object = {}): readonly FakeObject[] {
  const one = (kind: string, content: object): FakeObject => {
    const apiVersion = 'admissionregistration.k8s.io/v1'
    return { ...object(kind, undefined, name, { metadata: { labels }, spec: content }), apiVersion }
  }
  return [one('MutatingAdmissionPolicy', spec), one('MutatingAdmissionPolicyBinding', { policyName: name })]
}

/** The API server adds our reference to new Pods with one of these images; default: to all. */
const adds =
  (isCovered: (image: string) => boolean = () => true): FakeApiServer['admit'] =>
  (_, pod) => {
    const { spec } = pod as { readonly spec: { readonly containers: readonly { readonly image: string }[] } }
    if (!spec.containers.some(({ image }) => isCovered(image))) return pod
    return { ...pod, spec: { ...spec, imagePullSecrets: [{ name: 'acr-nopass' }] } }
  }

/** As {@link switched}, but the policy adds the reference, and no ServiceAccount has it. */
function admitted(change: Partial<HelperConfig> = {}, hosts: readonly string[] = [HOST]): readonly FakeObject[] {
  return switched(30 * MINUTE, { attach: 'admission', ...change }, hosts).map((one) => {
    if (one.kind === 'ServiceAccount') return { ...one, imagePullSecrets: [{ name: AGGREGATION }] }
    return one.metadata.name === AGGREGATION ? oldSecret(hosts, one.metadata) : one
  })
}
const web = (image: string, more: object = {}): FakeObject =>
  object('Deployment', 'shop', 'web', {
    spec: { replicas: 0, template: { spec: { containers: [{ name: 'app', image }], ...more } } },
  })
const OWN_POLICY = podPolicy('acr-nopass.home.r')

test('cleanup --legacy counts the admission policy in a namespace where a Pod created as a dry run got the reference', async (t) => {
  const cluster = await open(t, [...admitted(), ...OWN_POLICY, web(`${HOST}/shop/web:1`)])
  cluster.admit = adds()
  const { code, stdout } = await cleanup(t, cluster)
  assert.equal(code, 0, stdout)
  assert.deepEqual(cluster.objects.find(({ kind }) => kind === 'ServiceAccount')?.imagePullSecrets, [])
  assert.deepEqual(
    cluster.calls.filter((call) => call.startsWith('POST ')),
    ['POST /api/v1/namespaces/shop/pods'],
  )
})

interface Unproven {
  readonly title: string
  readonly objects: readonly FakeObject[]
  readonly prepare?: (cluster: FakeApiServer) => void
  /** The only line about a dependent. */
  readonly line: RegExp
}

const UNPROVEN: readonly Unproven[] = [
  {
    title: 'the only policy belongs to a release of the same name in another namespace',
    objects: [...admitted(), ...podPolicy('acr-nopass.elsewhere.r')],
    prepare: (cluster) => (cluster.admit = adds()),
    line: /^ServiceAccount shop\/default: .*; the admission policy acr-nopass\.home\.r or its binding is missing$/m,
  },
  {
    title: 'somebody changed the policy, so it adds nothing',
    objects: [...admitted(), ...podPolicy('acr-nopass.home.r', { matchConditions: [{ expression: 'false' }] })],
    line: /^ServiceAccount shop\/default: .*; a Pod created in namespace shop as a dry run did not get acr-nopass$/m,
  },
  {
    title: 'the user may not create Pods',
    objects: [...admitted(), ...OWN_POLICY],
    prepare: (cluster) => (cluster.refuse = (method) => (method === 'POST' ? 403 : undefined)),
    line: /^ServiceAccount shop\/default: .*; whether new Pods get the reference could not be tried \(.*refused with 403\)$/m,
  },
  {
    title: 'no ServiceAccount is known under which a Pod could be tried, which no other kubeconfig changes',
    objects: [
      ...admitted({
        targets: { namespaces: { include: ['shop'] }, serviceAccounts: { include: ['build-*'] } },
      } as never).map((one) => {
        return one.kind === 'ServiceAccount' ? { ...one, metadata: { ...one.metadata, name: 'build-1' } } : one
      }),
      ...OWN_POLICY,
    ],
    line: /^ServiceAccount shop\/build-1: .*is known to exist\)\n +fix: Name acr-nopass there/m,
  },
  {
    title:
      "the policy adds it for ACR's own domains only, and the Secret has a login for a domain that only the helper's report has",
    objects: [...admitted({ admissionImages: 'acr' }, [IMAGES]), ...OWN_POLICY],
    prepare: (cluster) => (cluster.admit = adds((image) => image.includes('aliyuncs.com/'))),
    line: /^ServiceAccount shop\/default: .*; `admissionImages: acr` leaves out images\.example\.com$/m,
  },
  {
    title: 'a template names the old Secret, and its image is on a domain that the policy leaves out',
    objects: [
      ...admitted({ admissionImages: 'acr' }, [HOST, IMAGES]).map((one) =>
        one.kind === 'ServiceAccount'
          ? { ...one, imagePullSecrets: [{ name: AGGREGATION }, { name: 'acr-nopass' }] }
          : one,
      ),
      ...OWN_POLICY,
      web(`${IMAGES}/shop/web:1`, { imagePullSecrets: [{ name: AGGREGATION }] }),
    ],
    prepare: (cluster) => (cluster.admit = adds((image) => image.includes('aliyuncs.com/'))),
    line: /^Deployment shop\/web: .*; `admissionImages: acr` leaves out images\.example\.com\/shop\/web:1$/m,
  },
  {
    title: 'a template without a list of its own opted out of what the API server adds',
    objects: [
      ...admitted(),
      ...OWN_POLICY,
      object('Deployment', 'shop', 'web', {
        spec: {
          template: {
            metadata: { labels: { 'acr-nopass.io/skip': 'true' } },
            spec: { containers: [{ name: 'app', image: `${HOST}/shop/web:1` }] },
          },
        },
      }),
    ],
    prepare: (cluster) => (cluster.admit = adds()),
    line: /^Deployment shop\/web: .*; its Pods opted out with the label acr-nopass\.io\/skip$/m,
  },
]

for (const { title, objects, prepare, line } of UNPROVEN) {
  test(`P15 cleanup --legacy keeps the old helper, because the admission policy is not proven to reach the Pods: ${title}`, async (t) => {
    const cluster = await open(t, objects)
    prepare?.(cluster)
    const before = cluster.objects
    const { code, stdout } = await cleanup(t, cluster)
    assert.deepEqual([code, cluster.objects], [1, before], stdout)
    assert.match(stdout, line)
    assert.match(stdout, /^LEGACY_IN_USE: 1 still depends/)
  })
}
