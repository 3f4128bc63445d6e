import { HOME, RELEASE } from '../helper-kit.ts'
import type { HelperBed } from './helper-bed.ts'
import type { BrokenSetup } from './setup.ts'

const DEPLOYMENT = `/apis/apps/v1/namespaces/${HOME}/deployments/${RELEASE}`
const LEASE = `/apis/coordination.k8s.io/v1/namespaces/${HOME}/leases/${RELEASE}`
const CONFIG = `/api/v1/namespaces/${HOME}/configmaps/${RELEASE}`
const ADMISSION = '/apis/admissionregistration.k8s.io/v1'
const AGAIN = /helm .*-n acr-system get manifest acr-nopass \| kubectl .*-n acr-system apply --server-side/
const applyAgain: BrokenSetup<HelperBed>['fix'] = (bed, finding) => bed.applyAgain(finding)

/** The helper itself: its Pods, its leader, its rights, its configuration, and others beside it. */
export const HELPER_SETUPS: readonly BrokenSetup<HelperBed>[] = [
  {
    title: 'somebody scaled the helper to 0',
    id: 'HELPER_DOWN',
    make: (bed) => bed.scale(0),
    says: AGAIN,
    fix: applyAgain,
  },
  {
    title: 'somebody deleted its Deployment',
    id: 'HELPER_DOWN',
    make: (bed) => bed.remove(DEPLOYMENT),
    says: AGAIN,
    fix: applyAgain,
  },
  {
    title: 'an upgrade to an image that is nowhere',
    id: 'HELPER_DEGRADED',
    severity: 'warning',
    make: (bed) => setContainer(bed, { image: 'ghcr.io/acr-nopass/nowhere:1' }),
    says: /ErrImagePull|ImagePullBackOff/,
    fix: (bed) => bed.scale(1),
  },
  {
    title: 'its Pods are no longer what Pod Security allows there',
    id: 'HELPER_DEGRADED',
    severity: 'warning',
    make: (bed) => setContainer(bed, { securityContext: { capabilities: { drop: ['KILL'] } } }),
    says: /The API server takes no Pod of it: .*violates PodSecurity/,
    fix: (bed) => bed.scale(1),
  },
  {
    title: 'its Lease was deleted',
    id: 'HELPER_LEADERLESS',
    make: (bed) => bed.remove(LEASE),
    says: AGAIN,
    fix: applyAgain,
  },
  {
    title: 'the ConfigMap of its report was deleted',
    id: 'HELPER_SILENT',
    make: (bed) => bed.remove(`${CONFIG}-status`),
    says: AGAIN,
    // A new leader reports at once, an old one twice a minute.
    fix: async (bed, finding) => {
      await bed.applyAgain(finding)
      await bed.scale(0)
      await bed.scale(1)
    },
  },
  {
    title: 'the binding of its rights was deleted',
    id: 'RIGHTS_MISSING',
    make: (bed) => bed.remove(`/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/acr-nopass.${HOME}.${RELEASE}`),
    says: AGAIN,
    fix: applyAgain,
  },
  {
    title: 'a right was taken out of its role',
    id: 'RIGHTS_MISSING',
    make: (bed) =>
      bed.patch(`/apis/rbac.authorization.k8s.io/v1/clusterroles/acr-nopass.${HOME}.${RELEASE}`, {
        rules: [{ apiGroups: [''], resources: ['namespaces'], verbs: ['list', 'watch'] }],
      }),
    says: AGAIN,
    fix: applyAgain,
  },
  {
    title: 'the binding of its guard was deleted',
    id: 'GUARD_MISSING',
    severity: 'warning',
    make: (bed) => bed.remove(`${ADMISSION}/validatingadmissionpolicybindings/acr-nopass.${HOME}.${RELEASE}.secrets`),
    says: AGAIN,
    fix: applyAgain,
  },
  {
    title: 'its configuration was edited by hand, and is no YAML any more',
    id: 'CONFIG_UNREADABLE',
    make: (bed) => bed.patch(CONFIG, { data: { 'config.yaml': 'registries: [' } }),
    says: /acr-nopass validate/,
    fix: applyAgain,
  },
  {
    title: 'a dry run was forgotten',
    id: 'DRY_RUN',
    severity: 'warning',
    make: (bed) => bed.kit.install(bed.values, { dryRun: true }),
    says: /dryRun: false/,
    fix: installAndRestart,
  },
  {
    title: 'the configuration is newer than what the helper works with',
    id: 'CONFIG_PENDING',
    severity: 'warning',
    // No helper runs that could read it.
    make: async (bed) => {
      await bed.scale(0)
      await bed.kit.install(bed.values, { replicas: 0, refreshRate: 49 })
    },
    says: /within about a minute/,
    fix: installAndRestart,
  },
  {
    title: "the vendor's add-on works in the same cluster",
    id: 'RIVAL_ADDON',
    severity: 'warning',
    make: (bed) => bed.create('/apis/apps/v1/namespaces/kube-system/deployments', ADDON),
    says: /acr-nopass cleanup --legacy/,
    fix: (bed) => bed.remove(`/apis/apps/v1/namespaces/kube-system/deployments/${ADDON.metadata.name}`),
  },
  {
    title: "the clock of the helper's node is five minutes ahead",
    id: 'CLOCK_SKEW',
    severity: 'warning',
    // What such a helper writes; a running one would write its own time over it.
    make: async (bed) => {
      await bed.scale(0)
      const renewTime = new Date(Date.now() + 300_000).toISOString().replace('Z', '000Z')
      await bed.patch(LEASE, { spec: { holderIdentity: 'late_1', renewTime } })
    },
    says: /NTP/,
    fix: async (bed) => {
      await bed.remove(LEASE)
      await installAndRestart(bed)
    },
  },
]

async function installAndRestart(bed: HelperBed): Promise<void> {
  await bed.kit.install(bed.values)
  await bed.restart()
}

function setContainer({ kit }: HelperBed, change: object): Promise<unknown> {
  const body = { spec: { template: { spec: { containers: [{ name: 'helper', ...change }] } } } }
  const contentType = 'application/strategic-merge-patch+json'
  return kit.admin.request({ method: 'PATCH', path: DEPLOYMENT, contentType, body })
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
