import assert from 'node:assert/strict'
import { copyFile, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import type { ClusterKind } from '../../../sandbox/cloud/state.ts'
import { GITHUB_ISSUER } from '../../../sandbox/cloud/sts/github-oidc.ts'
import { type ActionFixture, startActionFixture } from '../../action/support/action-fixture.ts'
import { ROOT } from '../../support/registry/release-registry.ts'
import type { Changing } from '../../support/sample.ts'
import { testTools } from '../../tools.ts'
import { startIssuerServer } from './issuer-server.ts'
import { pageSeed } from './page-seed.ts'
import { openFolder, publish } from './published.ts'
import { readSteps, type Step } from './read-page.ts'
import { type Reader, startReader } from './reader.ts'

export interface QuickStart {
  /** The page in both languages, from the repository's root. */
  readonly pages: { readonly en: string; readonly zh: string }
  /** The pages as they are after this change. */
  readonly change?: (page: string) => string
  /** The reader works in a clone of this repository. */
  readonly inClone?: boolean
  /** The issuer of the first cluster, as the page shows it. */
  readonly issuer?: string
  /** The clusters of the page with their ids in ACK; kubectl uses the first. */
  readonly clusters: Readonly<Record<string, string>>
  readonly kind?: ClusterKind
  /** The image that the page runs. */
  readonly image: string
  /** The page registers the issuer of the first cluster in RAM. */
  readonly registersIssuer?: boolean
  /** The RAM role of the nodes, or of the helper's Pod on ECI. */
  readonly role?: string
}

export interface Writes {
  /** Counted from 1. */
  readonly block: number
  /** The first two words of the block's command. */
  readonly does: string
  readonly calls: readonly string[]
}

export interface Followed {
  readonly fixture: ActionFixture
  readonly reader: Reader
  /** The writes of each command block to the cloud's RAM. */
  readonly writes: readonly Writes[]
  /** The output of each command block. */
  readonly printed: readonly string[]
  /** The standard output of each command block. */
  readonly results: readonly string[]
}

/**
 * Follows the English page from the top to the end, and checks that the Chinese one has the same
 * steps.
 */
export async function followQuickStart(
  {
    pages,
    change = (page) => page,
    inClone = false,
    clusters,
    kind,
    image,
    role,
    registersIssuer,
    issuer: shown,
  }: QuickStart,
  check: (followed: Followed) => void | Promise<void>,
): Promise<void> {
  const signal = AbortSignal.timeout(840_000)
  const tools = await testTools('helm4', 'kubectl', 'act', 'registry')
  const steps = readSteps(change(await readFile(join(ROOT, pages.en), 'utf8')))
  const chinese = readSteps(change(await readFile(join(ROOT, pages.zh), 'utf8')))
  assert.deepEqual(chinese.map(withoutComments), steps.map(withoutComments))
  await using workspace = await openFolder(tmpdir())
  await using fixture = await startActionFixture({
    clusters: Object.keys(clusters),
    clusterIds: clusters,
    ...(kind && { kind }),
    ...(role && { workerRole: role }),
    rrsa: registersIssuer !== true,
    helm: 'helm4',
    registry: true,
    seed: await pageSeed(),
    images: { [image]: [process.execPath, '--eval', 'setInterval(() => {}, 1e9)'] },
    signal,
  })
  const { cloud, registry } = fixture
  const [first] = fixture.clusters
  // ACK tells each of its clusters its ID.
  for (const [index, clusterid] of Object.values(registersIssuer ? {} : clusters).entries()) {
    const body = { metadata: { name: 'ack-cluster-profile' }, data: { clusterid, uid: cloud.accountId } }
    const path = '/api/v1/namespaces/kube-system/configmaps'
    await fixture.clusters[index]?.cluster.admin.request({ method: 'POST', path, body })
  }
  assert.ok(first && registry)
  await using published = await publish(
    { cloud, registry: registry.url, helm: tools.helm4, folder: workspace.folder },
    signal,
  )
  await using issuer = await startIssuerServer()
  // ACK gives a new role no rights in a cluster.
  for (const id of Object.values(clusters)) cloud.control.authorize(id, 'acr-nopass-deploy', false)
  // STS refuses a provider of the page that lacks the fingerprint.
  for (const url of [GITHUB_ISSUER, ...(registersIssuer ? [first.cluster.issuer] : [])]) {
    cloud.control.setIssuerChain(url, [issuer.fingerprint])
  }
  const { sts, cr } = cloud.endpoints
  const imds = await cloud.imdsFor(role ?? first.workerRole)
  const endpoints = stringify({ endpoints: { sts, cr, imds, registry: registry.url } })
  await using reader = await startReader(
    {
      fixture,
      published,
      issuer: issuer.address,
      tools,
      folder: workspace.folder,
      repository: 'acme/platform',
      inClone,
      kubeconfig: first.cluster.adminKubeconfigFile,
      suffix: (path) => (path === 'values.yaml' ? endpoints : ''),
    },
    signal,
  )
  await copyFile(first.cluster.adminKubeconfigFile, join(reader.folder, 'kubeconfig.yaml'))
  const writes: Writes[] = []
  const printed: string[] = []
  const results: string[] = []
  for (const step of steps) {
    const from = cloud.calls.length
    const text = shown === undefined ? step.text : step.text.replaceAll(shown, first.cluster.issuer)
    const { stdout, stderr } = await reader.follow({ ...step, text })
    if (step.kind === 'file') continue
    printed.push(`${stdout}${stderr}`)
    results.push(stdout)
    const calls = cloud.calls.slice(from).flatMap(({ write, code, action }) => (write && code === '' ? [action] : []))
    writes.push({ block: printed.length, does: step.text.split(/\s+/, 2).join(' '), calls })
  }
  await check({ fixture, reader, writes, printed, results })
}

/** Parts of the outputs that differ from run to run. */
export const CHANGING: Changing = [
  [/\b\d+(?:\.\d+)? s\b/g, '9 s'],
  [/\b\d+ ms\b/g, '90 ms'],
  [/\bin \d+ min\b/g, 'in 59 min'],
  [/https:\/\/127\.0\.0\.1:\d+/g, 'https://203.0.113.10:6443'],
  [/\bacr-nopass-[0-9a-z]+-[0-9a-z]{5}\b/g, 'acr-nopass-5d9c7f684-x2x4k'],
  // Whether the helper's own Pods have the reference depends on which object was created first.
  [
    /acr-nopass: \d; it is the only pull secret of [^\n]*hello\/hello,/g,
    'acr-nopass: 1; it is the only pull secret of hello/hello,',
  ],
  // The namespace in which `apply` verified may be gone already.
  [/3 of \d current, 3 not-targeted(?:, \d terminating)?/g, '3 of 6 current, 3 not-targeted'],
]

/** A page of docs in both languages. */
export const docsPage = (name: string): QuickStart['pages'] => ({ en: `docs/en/${name}.md`, zh: `docs/zh/${name}.md` })

interface PullSecret {
  readonly metadata: { readonly namespace: string }
  readonly data: { readonly '.dockerconfigjson': string }
}

/** The namespaces whose pull secret contains a credential, by cluster. */
export async function servedNamespaces({ clusters }: ActionFixture): Promise<readonly (readonly string[])[]> {
  const query = { fieldSelector: 'metadata.name=acr-nopass' }
  const lists = clusters.map(({ cluster }) =>
    cluster.admin.request<{ readonly items: readonly PullSecret[] }>({ method: 'GET', path: '/api/v1/secrets', query }),
  )
  return (await Promise.all(lists)).map(({ items }) =>
    items
      .filter(({ data }) => Object.keys(JSON.parse(atob(data['.dockerconfigjson'])).auths).length > 0)
      .map(({ metadata }) => metadata.namespace)
      .sort(),
  )
}

function withoutComments({ line: _, ...step }: Step): object {
  return { ...step, text: step.text.replaceAll(/^ *#.*\n| {2,}# .*$/gm, '') }
}
