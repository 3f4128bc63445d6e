import type { V1Secret } from '@kubernetes/client-node'
import { queryManifest } from '../../src/acr/query-manifest.ts'
import { createHttpSender } from '../../src/alibaba/transport/http-sender.ts'
import { requestRefresh } from '../../src/installation/helper-status.ts'
import type { KubeClient } from '../../src/kube/client.ts'
import { DEFAULT_SECRET_NAME } from '../../src/kube/names.ts'
import type { KubeObject } from '../../src/kube/types.ts'
import { untilReady } from '../../tools/process/ready.ts'
import { userFiles } from '../environment/user-files.ts'
import { prepareWorkspace } from '../workflow/prepare-workspace.ts'
import { createNamespace, deleteNamespace, readPullSecret, runPod } from './demo-pods.ts'
import { type DemoContext, type DemoStep, expect, readDemoStatus, STATUS_OBJECT } from './demo-step.ts'
import { fleetCheck, lostPermission } from './lost-permission.ts'
import { REPOSITORY, type RolloutResult, rollOut } from './roll-out.ts'

/** Step 1: without a credential the pull fails, which proves that the image is private. */
const rejectedPull: DemoStep = {
  title: 'before: a Pod with a private image',
  proves: 'the registry rejects pulls without a credential',
  needsNode: true,
  async run({ environment, print, signal }, step) {
    const { admin } = environment.production.cluster
    await createNamespace(admin, 'before', signal)
    step.update('waiting for the kubelet')
    const message = await runPod(admin, 'before', environment.appImage, /^(ErrImagePull|ImagePullBackOff)$/, signal)
    print(`  ${environment.appImage}\n  kubelet: ${message.slice(0, 600)}`)
    await deleteNamespace(admin, 'before', signal)
    return 'ErrImagePull, as expected'
  },
}

/** Step 2: the user's workflow sets up everything. */
const firstRollout: DemoStep = {
  title: 'the workflow: validate, RAM policy, helm upgrade --install in two waves, verify',
  proves: 'one step of a workflow makes pulls work on both clusters',
  async run(context, step) {
    const { environment, workspace, print } = context
    await prepareWorkspace(workspace, await userFiles(environment), REPOSITORY)
    const { summary, results, ramWrites } = await rollOut(context, 'rollout.yml', step)
    print(plainSummary(summary))
    const isDeployed = results.length === 2 && results.every(({ status }) => status === 'deployed')
    expect(isDeployed, `not deployed: ${statuses(results)}`)
    step.update('waiting for the login check of production')
    const checkedBy = await untilAccepted(context)
    return `${statuses(results)}; in RAM: ${ramWrites.join(', ')}; login accepted by ${checkedBy}`
  },
}

/**
 * Waits until the registry has accepted the login of production's helper. Returns the host of the
 * registry's token service.
 */
async function untilAccepted({ environment, signal }: DemoContext): Promise<string> {
  const { cluster, node } = environment.production
  const isAccepted = async (): Promise<boolean> => {
    const registries = (await readDemoStatus(cluster.admin, signal))?.registries ?? []
    return registries.length > 0 && registries.every(({ verified }) => verified === 'accepted')
  }
  await untilReady(isAccepted, { what: 'an accepted login of production', limitMs: 60_000, everyMs: 100 }, signal)
  const { realm, vendorRealm } = environment.cloud.registryAuth
  if (node.kind === 'process') return new URL(realm).host
  const { hostname } = new URL(vendorRealm)
  expect(node.node.vendorNames.requests.has(hostname), `${hostname} was not called`)
  return hostname
}

/**
 * Formats a job summary for a terminal: the Markdown without HTML and without consecutive empty
 * lines.
 */
export function plainSummary(markdown: string): string {
  return markdown
    .replace(/<summary>(.*?)<\/summary>/g, '$1')
    .replace(/<\/?details>/g, '')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
    .replace(/\n{3,}/g, '\n\n')
    .trim()
}

/** Step 3: a Pod in a new namespace pulls the private image. */
const newNamespace: DemoStep = {
  title: 'a new namespace, and a Pod without credentials',
  proves: 'the Pod really runs from the private image',
  async run(context, step) {
    const { environment, print, signal } = context
    const { admin } = environment.production.cluster
    const since = performance.now()
    await createNamespace(admin, 'shop', signal)
    await untilPullSecret(admin, 'shop', signal)
    const ready = `Secret created ${Math.round(performance.now() - since)} ms after the namespace`
    if (environment.nodeObstacle !== undefined) {
      await expectPull(context, 'shop', environment.appImage, 'found')
      return `${ready}; the registry accepts its credential (no Pod: ${environment.nodeObstacle})`
    }
    const created = performance.now()
    step.update('waiting for the kubelet')
    await runPod(admin, 'shop', environment.appImage, /^Running$/, signal)
    const podMs = performance.now() - created
    const path = '/api/v1/namespaces/shop/pods/app'
    const { spec } = await admin.request<{ spec: { imagePullSecrets?: unknown } }>({ method: 'GET', path }, signal)
    print(`  spec.imagePullSecrets, which is not in the manifest: ${JSON.stringify(spec.imagePullSecrets)}`)
    return `${ready}; Pod running ${(podMs / 1000).toFixed(1)} s after its creation`
  },
}

async function untilPullSecret(client: KubeClient, namespace: string, signal: AbortSignal): Promise<void> {
  const exists = async (): Promise<boolean> => (await readPullSecret(client, namespace, signal)) !== undefined
  await untilReady(exists, { what: `pull secret in ${namespace}`, limitMs: 30_000, everyMs: 5 }, signal)
}

/**
 * Without a kubelet, requests the manifest with the Secret's credential. The registry always
 * refuses it without a credential.
 */
async function expectPull(
  { environment, signal }: DemoContext,
  namespace: string,
  image: string,
  expected: 'found' | 'denied',
): Promise<void> {
  const registry = new URL(environment.registry.url)
  const [host = '', repository = '', reference = ''] = image.split(/\/(.*):/)
  const { status } = await fetch(new URL(`/v2/${repository}/manifests/${reference}`, registry), { signal })
  expect(status === 401, `the registry responded with ${status} to an anonymous pull`)
  const { logins = [] } = (await readPullSecret(environment.production.cluster.admin, namespace, signal)) ?? {}
  const login = logins.find(({ domains }) => domains.includes(host))
  expect(login !== undefined, `the Secret of ${namespace} has no credential of ${host}`)
  const request = { ...login, host, repository, reference, registry, issuedByAcr: true }
  const { result, detail } = await queryManifest(createHttpSender(), request, signal)
  expect(result === expected, `the credential of ${namespace} asked for ${repository}: ${result}, ${detail}`)
}

/** Step 4: two teams share an instance and a role, and each pulls its own images only. */
const secondTeam: DemoStep = {
  title: 'a second team is refused',
  proves: "the second team's Pod pulls its own image, and is refused the first team's",
  async run(context, step) {
    const { environment, print, signal } = context
    const { appImage, opsImage } = environment
    const { admin } = environment.production.cluster
    await createNamespace(admin, 'ops', signal)
    await untilPullSecret(admin, 'ops', signal)
    if (environment.nodeObstacle !== undefined) {
      await expectPull(context, 'ops', opsImage, 'found')
      await expectPull(context, 'ops', appImage, 'denied')
      await expectPull(context, 'shop', opsImage, 'denied')
      await deleteNamespace(admin, 'ops', signal)
      return `each Secret pulls its own team's image only (no Pod: ${environment.nodeObstacle})`
    }
    step.update('waiting for the kubelet')
    await runPod(admin, 'ops', opsImage, /^Running$/, signal)
    const message = await runPod(admin, 'ops', appImage, /^(ErrImagePull|ImagePullBackOff)$/, signal)
    print(`  ${appImage} in ops\n  kubelet: ${message.slice(0, 600)}`)
    expect(message.includes('insufficient_scope'), `the pull failed for another reason: ${message}`)
    await deleteNamespace(admin, 'ops', signal)
    return 'its own image runs; ErrImagePull for the image of the first team, as expected'
  },
}

/** Step 5: a rotation updates the Secret in place. */
const earlyRotation: DemoStep = {
  title: 'the token is rotated early',
  proves: 'the Secret changes in place and keeps its UID',
  async run({ environment, print, signal }) {
    const { cluster } = environment.production
    const before = await readPullSecret(cluster.admin, 'shop', signal)
    const since = performance.now()
    await requestRefresh({ client: cluster.admin, signal }, STATUS_OBJECT, new Date())
    const changed = async (): Promise<boolean> =>
      (await readPullSecret(cluster.admin, 'shop', signal))?.content !== before?.content
    await untilReady(changed, { what: 'new content in shop', limitMs: 30_000, everyMs: 20 }, signal)
    const took = performance.now() - since
    const after = await readPullSecret(cluster.admin, 'shop', signal)
    print(`  content sha256 ${before?.content} -> ${after?.content}, valid until ${after?.expiresAt}`)
    expect(after?.uid === before?.uid, 'the Secret was recreated')
    return `new content after ${(took / 1000).toFixed(1)} s, same UID`
  },
}

/** Step 6: a second run changes nothing. */
const idleRollout: DemoStep = {
  title: 'the workflow again',
  proves: 'a run without changes does nothing',
  async run(context, step) {
    const { results, ramWrites } = await rollOut(context, 'rollout.yml', step)
    const isUnchanged = results.every(({ status }) => status === 'unchanged')
    expect(isUnchanged, `not unchanged: ${statuses(results)}`)
    const hasNewRevision = results.some(({ revision: { from, to } }) => from !== to)
    expect(!hasNewRevision, 'a new Helm revision was created')
    expect(ramWrites.length === 0, `RAM was changed by ${ramWrites.join(', ')}`)
    return `${statuses(results)}; no Helm revision, no RAM change`
  },
}

/** Step 9: after a change of the policy a run repairs the policy and nothing else. */
const repairingRollout: DemoStep = {
  title: 'the workflow once more',
  proves: 'the changed RAM policy is repaired, and nothing else is touched',
  async run(context, step) {
    const { results, ramWrites } = await rollOut(context, 'rollout.yml', step)
    // The first new version has the old and the new permissions, the second only the new
    // permissions, so that no pull fails in between.
    const repaired = ramWrites.length > 0 && ramWrites.every((action) => action === 'CreatePolicyVersion')
    expect(repaired, `RAM was changed by ${ramWrites.join(', ') || 'nothing'}`)
    return `${statuses(results)}; in RAM: ${ramWrites.join(', ')}`
  },
}

function statuses(results: readonly RolloutResult[]): string {
  return results.map(({ name, status }) => `${name} ${status}`).join(', ')
}

/** Step 10: the uninstall removes everything. */
const cleanExit: DemoStep = {
  title: 'uninstall',
  proves: 'nothing of acr-nopass is left in the clusters or in RAM',
  async run(context, step) {
    const { environment, signal } = context
    const { results } = await rollOut(context, 'uninstall.yml', step)
    const isUninstalled = results.every(({ status }) => status === 'uninstalled')
    expect(isUninstalled, `not uninstalled: ${statuses(results)}`)
    for (const { cluster } of [environment.staging, environment.production]) {
      const left = [...(await releaseObjects(cluster.admin, signal)), ...(await liveSecrets(cluster.admin, signal))]
      expect(left.length === 0, `left in ${cluster.name}: ${left.join(', ')}`)
    }
    return `${statuses(results)}; policies detached and deleted`
  },
}

/** Lists the cluster-scoped objects of the release. */
async function releaseObjects(client: KubeClient, signal: AbortSignal): Promise<string[]> {
  const rbac = '/apis/rbac.authorization.k8s.io/v1'
  const admission = '/apis/admissionregistration.k8s.io/v1'
  const paths = [
    `${rbac}/clusterroles`,
    `${rbac}/clusterrolebindings`,
    `${admission}/validatingadmissionpolicies`,
    `${admission}/validatingadmissionpolicybindings`,
    `${admission}/mutatingadmissionpolicies`,
    `${admission}/mutatingadmissionpolicybindings`,
  ]
  const found: string[] = []
  for (const path of paths) {
    const query = { labelSelector: 'app.kubernetes.io/name=acr-nopass' }
    const { items } = await client.request<{ items: KubeObject[] }>({ method: 'GET', path, query }, signal)
    found.push(...items.map(({ metadata }) => `${path.split('/').at(-1)}/${metadata.name}`))
  }
  return found
}

/** Lists the pull secrets that still contain a credential. */
async function liveSecrets(client: KubeClient, signal: AbortSignal): Promise<string[]> {
  const query = { fieldSelector: `metadata.name=${DEFAULT_SECRET_NAME}` }
  const call = { method: 'GET', path: '/api/v1/secrets', query } as const
  const { items } = await client.request<{ items: (KubeObject & V1Secret)[] }>(call, signal)
  const isLive = ({ data = {} }: V1Secret): boolean =>
    Buffer.from(data['.dockerconfigjson'] ?? '', 'base64').includes('"auth"')
  return items.filter(isLive).map(({ metadata }) => `Secret ${metadata.namespace}/${metadata.name}`)
}

export const STEPS: readonly DemoStep[] = [
  rejectedPull,
  firstRollout,
  newNamespace,
  secondTeam,
  earlyRotation,
  idleRollout,
  fleetCheck,
  lostPermission,
  repairingRollout,
  cleanExit,
]
