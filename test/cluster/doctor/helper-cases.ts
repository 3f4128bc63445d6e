import { HOME, RELEASE } from '../helper-cluster.ts'
import type { BrokenCase } from './case.ts'
import type { HelperFixture } from './helper-fixture.ts'

const DEPLOYMENT = `/apis/apps/v1/namespaces/${HOME}/deployments/${RELEASE}`
const LEASE = `/apis/coordination.k8s.io/v1/namespaces/${HOME}/leases/${RELEASE}`
const CONFIG = `/api/v1/namespaces/${HOME}/configmaps/${RELEASE}`
const ADMISSION = '/apis/admissionregistration.k8s.io/v1'
const AGAIN = /helm .*-n acr-system get manifest acr-nopass \| kubectl .*-n acr-system apply --server-side/
const applyAgain: BrokenCase<HelperFixture>['fix'] = (fixture, finding) => fixture.applyAgain(finding)

/**
 * Cases of the helper itself: its Pods, leader, permissions and configuration, and conflicting
 * installations.
 */
export const HELPER_CASES: readonly BrokenCase<HelperFixture>[] = [
  {
    title: 'the helper is scaled to 0',
    id: 'HELPER_DOWN',
    make: (fixture) => fixture.scale(0),
    message: AGAIN,
    fix: applyAgain,
  },
  {
    title: "the helper's Deployment was deleted",
    id: 'HELPER_DOWN',
    make: (fixture) => fixture.remove(DEPLOYMENT),
    message: AGAIN,
    fix: applyAgain,
  },
  {
    title: 'an upgrade uses an image that does not exist',
    id: 'HELPER_DEGRADED',
    severity: 'warning',
    make: (fixture) => setContainer(fixture, { image: 'ghcr.io/acr-nopass/nowhere:1' }),
    message: /ErrImagePull|ImagePullBackOff/,
    fix: (fixture) => fixture.scale(1),
  },
  {
    title: 'an upgrade whose values name a Secret that does not exist',
    id: 'HELPER_DEGRADED',
    severity: 'warning',
    make: (fixture) => setPod(fixture, { volumes: [{ name: 'lost', secret: { secretName: 'lost' } }] }),
    message: /does not start: FailedMount: MountVolume.SetUp failed: secret .*lost.* not found[\s\S]*Create the Secret/,
    fix: (fixture) => setPod(fixture, { volumes: [{ name: 'lost', $patch: 'delete' }] }),
  },
  {
    title: "Pod Security no longer allows the helper's Pods",
    id: 'HELPER_DEGRADED',
    severity: 'warning',
    make: (fixture) => setContainer(fixture, { securityContext: { capabilities: { drop: ['KILL'] } } }),
    message: /The API server rejects its Pods: .*violates PodSecurity/,
    fix: (fixture) => fixture.scale(1),
  },
  {
    title: "the helper's Lease was deleted",
    id: 'HELPER_LEADERLESS',
    make: (fixture) => fixture.remove(LEASE),
    message: AGAIN,
    fix: applyAgain,
  },
  {
    title: "the ConfigMap of the helper's report was deleted",
    id: 'HELPER_SILENT',
    make: (fixture) => fixture.remove(`${CONFIG}-status`),
    message: AGAIN,
    // A new leader reports immediately, an old leader twice a minute.
    fix: async (fixture, finding) => {
      await fixture.applyAgain(finding)
      await fixture.scale(0)
      await fixture.scale(1)
    },
  },
  {
    title: "the binding of the helper's role was deleted",
    id: 'RIGHTS_MISSING',
    make: (fixture) =>
      fixture.remove(`/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/acr-nopass.${HOME}.${RELEASE}`),
    message: AGAIN,
    fix: applyAgain,
  },
  {
    title: "a permission was removed from the helper's role",
    id: 'RIGHTS_MISSING',
    make: (fixture) =>
      fixture.patch(`/apis/rbac.authorization.k8s.io/v1/clusterroles/acr-nopass.${HOME}.${RELEASE}`, {
        rules: [{ apiGroups: [''], resources: ['namespaces'], verbs: ['list', 'watch'] }],
      }),
    message: AGAIN,
    fix: applyAgain,
  },
  {
    title: "the binding of the helper's guard was deleted",
    id: 'GUARD_MISSING',
    severity: 'warning',
    make: (fixture) =>
      fixture.remove(`${ADMISSION}/validatingadmissionpolicybindings/acr-nopass.${HOME}.${RELEASE}.secrets`),
    message: AGAIN,
    fix: applyAgain,
  },
  {
    // The five ways: a binding that only audits, a binding that matches no namespace, a condition
    // that is false, a rule that is true, and failures that are ignored.
    title: "the helper's guard was switched off in five ways",
    id: 'GUARD_INACTIVE',
    severity: 'warning',
    make: async (fixture) => {
      const matchResources = { namespaceSelector: { matchLabels: { team: 'none' } } }
      await fixture.patch(guardOf('secrets', 'binding'), { spec: { validationActions: ['Audit'] } })
      await fixture.patch(guardOf('serviceaccounts', 'binding'), { spec: { matchResources } })
      const matchConditions = [{ name: 'is-helper', expression: 'false' }]
      await fixture.patch(guardOf('leases'), { spec: { matchConditions } })
      const validations = [{ expression: 'true' }]
      await fixture.patch(guardOf('configmaps'), { spec: { validations, failurePolicy: 'Ignore' } })
    },
    message: new RegExp(
      [
        'secrets: its binding has the validationActions \\[Audit\\], without Deny; in a dry run it allowed the helper to change labels',
        'serviceaccounts: its binding does not match everything; in a dry run it allowed the helper to change labels',
        'leases: it has the matchCondition `false`; in a dry run it allowed the helper to change labels',
        'configmaps: its failurePolicy is Ignore; in a dry run it allowed the helper to change labels',
        'kubectl .*delete validatingadmissionpolicy,validatingadmissionpolicybinding',
      ].join('[\\s\\S]*'),
    ),
    fix: async (fixture, finding) => {
      for (const kind of ['secrets', 'serviceaccounts', 'leases', 'configmaps']) {
        await fixture.remove(guardOf(kind))
        await fixture.remove(guardOf(kind, 'binding'))
      }
      await fixture.applyAgain(finding)
    },
  },
  {
    title: "the helper's role was widened to all Secrets",
    id: 'RIGHTS_WIDE',
    severity: 'warning',
    make: (fixture) =>
      fixture.helperCluster.admin.request({
        method: 'PATCH',
        path: `/apis/rbac.authorization.k8s.io/v1/clusterroles/acr-nopass.${HOME}.${RELEASE}`,
        contentType: 'application/json-patch+json',
        body: [
          { op: 'add', path: '/rules/-', value: { apiGroups: [''], resources: ['secrets'], verbs: ['get', 'list'] } },
        ],
      }),
    message: AGAIN,
    fix: applyAgain,
  },
  {
    title: "the helper's configuration was edited manually, and is no longer valid YAML",
    id: 'CONFIG_UNREADABLE',
    make: (fixture) => fixture.patch(CONFIG, { data: { 'config.yaml': 'registries: [' } }),
    message: /acr-nopass validate/,
    fix: applyAgain,
  },
  {
    title: 'the helper has not loaded the new configuration yet',
    id: 'CONFIG_PENDING',
    severity: 'warning',
    // No running helper could read the configuration.
    make: async (fixture) => {
      await fixture.scale(0)
      await fixture.helperCluster.install(fixture.values, { replicas: 0, logLevel: 'warn' })
    },
    message: /within about a minute/,
    fix: installAndRestart,
  },
  {
    title: "the vendor's add-on works in the same cluster",
    id: 'RIVAL_ADDON',
    severity: 'warning',
    make: (fixture) => fixture.create('/apis/apps/v1/namespaces/kube-system/deployments', ADDON),
    message: /acr-nopass cleanup --legacy/,
    fix: (fixture) => fixture.remove(`/apis/apps/v1/namespaces/kube-system/deployments/${ADDON.metadata.name}`),
  },
  {
    title: "the clock of the helper's node is five minutes ahead",
    id: 'CLOCK_SKEW',
    severity: 'warning',
    // The test renews the Lease like a helper with a wrong clock. A running helper would overwrite
    // the time with its own.
    make: async (fixture) => {
      await fixture.scale(0)
      const renewTime = new Date(Date.now() + 300_000).toISOString().replace('Z', '000Z')
      await fixture.patch(LEASE, { spec: { holderIdentity: 'late_1', renewTime } })
    },
    message: /NTP/,
    fix: async (fixture) => {
      await fixture.remove(LEASE)
      await installAndRestart(fixture)
    },
  },
]

/** Returns the path of a guard's policy or of its binding. */
function guardOf(kind: string, binding?: 'binding'): string {
  const plural = binding === undefined ? 'ies' : 'ybindings'
  return `${ADMISSION}/validatingadmissionpolic${plural}/acr-nopass.${HOME}.${RELEASE}.${kind}`
}

async function installAndRestart(fixture: HelperFixture): Promise<void> {
  await fixture.helperCluster.install(fixture.values)
  await fixture.restart()
}

function setContainer(fixture: HelperFixture, change: object): Promise<unknown> {
  return setPod(fixture, { containers: [{ name: 'helper', ...change }] })
}

function setPod({ helperCluster }: HelperFixture, change: object): Promise<unknown> {
  const body = { spec: { template: { spec: change } } }
  const contentType = 'application/strategic-merge-patch+json'
  return helperCluster.admin.request({ method: 'PATCH', path: DEPLOYMENT, contentType, body })
}

/** https://www.alibabacloud.com/help/en/ack/product-overview/aliyun-acr-credential-helper */
const ADDON_IMAGE = 'registry.cn-hangzhou.aliyuncs.com/acs/aliyun-acr-credential-helper:v21.01.26.0-9ac7d9b-aliyun'
const ADDON = {
  metadata: { name: 'aliyun-acr-credential-helper' },
  spec: {
    replicas: 0,
    selector: { matchLabels: { app: 'addon' } },
    template: { metadata: { labels: { app: 'addon' } }, spec: { containers: [{ name: 'addon', image: ADDON_IMAGE }] } },
  },
}
