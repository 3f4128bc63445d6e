import assert from 'node:assert/strict'
import { readSeedFile } from '../../../sandbox/cloud/seed/read-seed.ts'
import { DEMO_SEED_FILE } from '../../../sandbox/cloud/start-cloud.ts'
import type { Images } from '../../../sandbox/nodes/process/container-command.ts'
import type { Finding } from '../../../src/doctor/finding.ts'
import { type ManifestObject, parseManifest } from '../../../src/helm/release/manifest.ts'
import { APPLY, MERGE_PATCH } from '../../../src/kube/client.ts'
import { discoverResources, objectPath } from '../../../src/kube/read/api-resources.ts'
import { openHelm } from '../../support/chart/chart.ts'
import { eventually } from '../../support/eventually.ts'
import { type HelperCluster, HOME, openHelperCluster, RELEASE, SECRET } from '../helper-cluster.ts'
import type { CaseFixture } from './case.ts'

/**
 * A running release with RRSA, one Enterprise registry, one static registry and attached
 * ServiceAccounts. A second release can be installed next to it.
 */
export interface HelperFixture extends CaseFixture, AsyncDisposable {
  readonly helperCluster: HelperCluster
  /** The values of the release. */
  readonly values: object
  readonly trust: { readonly role: string; readonly oidcProviderArn: string; readonly issuer: string }
  /** Makes the role trust this subject of this issuer. */
  trustRole(subject: string, issuer?: string): void
  grantRole(): void
  /** Runs the finding's command: the release's manifest is applied again. */
  applyAgain(finding: Finding): Promise<void>
  /** Scales the release's Deployment. */
  scale(replicas: number): Promise<void>
  /** Replaces the helper's Pod. The new Pod reports immediately and retries rejected writes. */
  restart(): Promise<void>
  /**
   * Makes the helper request new tokens now and report soon. The helper may send ten reports in a
   * burst, then two per minute.
   */
  rotate(): Promise<void>
  patch(path: string, body: object): Promise<unknown>
  create(path: string, body: object): Promise<unknown>
  remove(path: string): Promise<unknown>
  /** Creates a namespace that is not a target yet. `open` makes it a target. */
  closedNamespace(name: string): Promise<void>
  open(namespace: string): Promise<unknown>
  /** Deletes what a case created in its own namespace. */
  close(namespace: string): Promise<unknown>
}

export const SUBJECT: string = `system:serviceaccount:${HOME}:${RELEASE}`
const ROLE = 'helper-by-rrsa'
const AGAIN =
  /helm .*-n (\S+) get manifest (\S+) (?:\||>.*&&) kubectl .*apply --server-side --force-conflicts --field-manager=helm -f \S+$/
const SKIP = 'acr-nopass.io/skip'

type SeedUser = Awaited<ReturnType<typeof readSeedFile>>['accounts'][number]['users'][number]

export interface FixtureOptions {
  /** Further images on the node. */
  readonly images?: Images
  /** Further users of the main account. */
  readonly users?: readonly SeedUser[]
  /** Further values of the release. */
  readonly values?: (helperCluster: HelperCluster) => object | Promise<object>
}

export async function openHelperFixture(name: string, options: FixtureOptions = {}): Promise<HelperFixture> {
  const { images = {}, values: more = () => ({}), users = [] } = options
  const seed = await readSeedFile(DEMO_SEED_FILE)
  const [main, ...others] = seed.accounts
  assert.ok(main)
  const cloud = { seed: { ...seed, accounts: [{ ...main, users: [...main.users, ...users] }, ...others] } }
  const [helperCluster, helm] = await Promise.all([
    openHelperCluster(name, undefined, { images, cloud }),
    openHelm('helm4'),
  ])
  const { admin, chart } = helperCluster
  const { issuer, jwks } = chart.cluster
  const oidcProviderArn = helperCluster.cloud.registerOidcProvider({
    name: 'rrsa',
    issuer,
    jwks,
    clientIds: ['sts.aliyuncs.com'],
  })
  const instance = helperCluster.cloud.instances.find(({ edition }) => edition === 'enterprise')
  const values = {
    replicas: 1,
    identity: {
      type: 'rrsa',
      rrsa: { roleArn: `acs:ram::${helperCluster.cloud.accountId}:role/${ROLE}`, oidcProviderArn },
    },
    registries: [
      { name: 'demo', edition: 'enterprise', instanceId: instance?.id, region: instance?.region },
      { name: 'legacy', edition: 'static', domains: ['legacy.example.com'], existingSecret: 'legacy-login' },
    ],
    ...(await more(helperCluster)),
  }
  /**
   * Runs `helm get manifest … | kubectl apply --server-side --force-conflicts --field-manager=helm`
   * for all kinds, or for one.
   */
  const applyManifest = async (
    namespace: string,
    release: string,
    kind?: string,
    change = (body: ManifestObject['body']): object => body,
  ): Promise<void> => {
    const target = ['--namespace', namespace, '--kubeconfig', chart.cluster.adminKubeconfigFile]
    const { stdout } = await helm.run(['get', 'manifest', release, ...target])
    const objects = parseManifest(stdout).filter((one) => kind === undefined || one.kind === kind)
    const resourceOf = await discoverResources({ client: admin, signal: AbortSignal.timeout(60_000) }, objects)
    for (const one of objects) {
      const resource = resourceOf(one)
      assert.ok(resource, one.kind)
      const query = { fieldManager: 'helm', force: true }
      const path = objectPath(resource, one, namespace)
      await admin.request({ method: 'PATCH', path, query, contentType: APPLY, body: change(one.body) })
    }
  }
  let rotations = 0
  const fixture: HelperFixture = {
    helperCluster,
    values,
    kubeconfig: chart.cluster.adminKubeconfigFile,
    trust: { role: ROLE, oidcProviderArn, issuer },
    known: () => [],
    trustRole: (subject, from = issuer) =>
      helperCluster.cloud.control.putRole(ROLE, {
        Version: '1',
        Statement: [
          {
            Effect: 'Allow',
            Action: 'sts:AssumeRole',
            Principal: { Federated: [oidcProviderArn] },
            Condition: { StringEquals: { 'oidc:iss': from, 'oidc:aud': 'sts.aliyuncs.com', 'oidc:sub': subject } },
          },
        ],
      }),
    grantRole: () =>
      helperCluster.cloud.control.grant(ROLE, 'pull', {
        Version: '1',
        Statement: [{ Effect: 'Allow', Action: ['cr:*'], Resource: ['*'] }],
      }),
    applyAgain: async ({ command = '' }) => {
      const [, namespace = '', release = ''] = AGAIN.exec(command) ?? []
      assert.notEqual(release, '', command)
      await applyManifest(namespace, release)
    },
    scale: async (replicas) => {
      await applyManifest(HOME, RELEASE, 'Deployment', (body) => ({
        ...body,
        spec: { ...(body.spec as object), replicas },
      }))
      if (replicas === 0) await eventually(() => assert.deepEqual(helperCluster.helpers(), []), 60_000)
    },
    restart: async () => {
      await fixture.scale(0)
      await fixture.scale(1)
      await eventually(() => helperCluster.leader(), 60_000)
    },
    rotate: async () => {
      rotations += 1
      if (rotations % 2 === 0) await fixture.restart()
      await helperCluster.requestRotation()
    },
    patch: (path, body) => admin.request({ method: 'PATCH', path, contentType: MERGE_PATCH, body }),
    create: (path, body) => admin.request({ method: 'POST', path, body }),
    remove: (path) => admin.request({ method: 'DELETE', path }),
    closedNamespace: (namespace) => chart.createNamespace(namespace, { [SKIP]: 'true' }),
    open: (namespace) => fixture.patch(`/api/v1/namespaces/${namespace}`, { metadata: { labels: { [SKIP]: null } } }),
    close: (namespace) =>
      fixture.patch(`/api/v1/namespaces/${namespace}`, { metadata: { labels: { [SKIP]: 'true' } } }),
    async [Symbol.asyncDispose]() {
      await helperCluster[Symbol.asyncDispose]()
      await helm[Symbol.asyncDispose]()
    },
  }
  fixture.trustRole(SUBJECT)
  fixture.grantRole()
  await chart.createNamespace(HOME)
  await chart.createNamespace('shop')
  const login = { metadata: { name: 'legacy-login' }, stringData: helperCluster.cloud.registryPush }
  await fixture.create(`/api/v1/namespaces/${HOME}/secrets`, login)
  await helperCluster.install(values)
  await helperCluster.settled()
  return fixture
}

export const SHOP_SECRET: string = `/api/v1/namespaces/shop/secrets/${SECRET}`
