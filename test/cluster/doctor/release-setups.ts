import { HOME } from '../helper-kit.ts'
import type { HelperBed } from './helper-bed.ts'
import type { BrokenSetup } from './setup.ts'

type Setup = BrokenSetup<HelperBed>

const KEYS = ['-n', 'keys', '--release', 'keys'] as const
const POLICY = '/apis/admissionregistration.k8s.io/v1/mutatingadmissionpolicies/acr-nopass.keys.keys'

/** A second release beside the first: with an access key, and attached at admission. */
async function installKeys({ kit }: HelperBed): Promise<void> {
  const { cloud, chart, admin } = kit
  const instance = cloud.instances.find(({ edition }) => edition === 'enterprise')
  await chart.createNamespace('keys')
  const stringData = { ...cloud.accessKeyOf('robot') }
  const body = { metadata: { name: 'access-key' }, stringData }
  await admin.request({ method: 'POST', path: '/api/v1/namespaces/keys/secrets', body })
  const config = await admin.request<{ data: Record<string, string> }>({
    method: 'GET',
    path: `/api/v1/namespaces/${HOME}/configmaps/acr-nopass`,
  })
  const registry = /^ {2}registry: (\S+)$/m.exec(config.data['config.yaml'] ?? '')?.[1]
  await chart.install('keys', 'keys', {
    replicas: 1,
    secretName: 'keys-login',
    registries: [{ name: 'demo', edition: 'enterprise', instanceId: instance?.id, region: instance?.region }],
    identity: { type: 'access-key', accessKey: { existingSecret: 'access-key' } },
    attach: 'admission',
    targets: { namespaces: { include: ['keys', 'keys-*'] } },
    endpoints: { cr: cloud.endpoints.cr, sts: cloud.endpoints.sts, registry },
  })
}

/** The configuration of a release that writes the same Secrets. */
async function copyConfiguration({ kit }: HelperBed, twin: string): Promise<void> {
  const { chart, admin } = kit
  const path = `/api/v1/namespaces/${HOME}/configmaps/acr-nopass`
  const { data } = await admin.request<{ data: Record<string, string> }>({ method: 'GET', path })
  await chart.createNamespace(twin)
  const labels = { 'app.kubernetes.io/name': 'acr-nopass', 'app.kubernetes.io/instance': twin }
  const body = { metadata: { name: 'acr-nopass', labels }, data }
  await admin.request({ method: 'POST', path: `/api/v1/namespaces/${twin}/configmaps`, body })
}

/** What only a second release shows, and what only another identity and mode can have. */
export const RELEASE_SETUPS: readonly Setup[] = [
  {
    title: 'a second release works beside the first',
    id: 'RIVAL_RELEASE',
    severity: 'warning',
    args: ['-n', HOME, '--release', 'acr-nopass'],
    make: async (bed) => {
      // This one writes Secrets of another name, which is no conflict.
      await installKeys(bed)
      await copyConfiguration(bed, 'twin')
    },
    says: /acr-nopass doctor --namespace twin --release twin/,
    fix: (bed) => bed.remove('/api/v1/namespaces/twin/configmaps/acr-nopass'),
  },
  {
    title: 'its admission policy was deleted',
    id: 'POLICY_MISSING',
    args: KEYS,
    make: (bed) => bed.remove(POLICY),
    says: /helm .*-n keys get manifest keys \| kubectl .*--field-manager=helm/,
    fix: (bed, finding) => bed.applyAgain(finding),
  },
  {
    title: 'its admission policy was changed, and fits no Pod any more',
    id: 'POLICY_INACTIVE',
    args: KEYS,
    make: (bed) => bed.patch(POLICY, { spec: { matchConditions: [{ name: 'never', expression: 'false' }] } }),
    says: /helm .*-n keys get manifest keys > keys\.yaml && kubectl .*delete mutatingadmissionpolicy acr-nopass\.keys\.keys && kubectl/,
    fix: async (bed, finding) => {
      await bed.remove(POLICY)
      await bed.applyAgain(finding)
    },
  },
  {
    title: 'its access key was disabled',
    id: 'CREDENTIALS_REFUSED',
    args: KEYS,
    make: async (bed) => {
      const { cloud } = bed.kit
      cloud.control.disableAccessKey(cloud.accessKeyOf('robot').accessKeyId)
      await askKeys(bed)
    },
    says: /kubectl .*-n keys describe secret access-key/,
    fix: async (bed) => {
      const { accessKeyId, accessKeySecret } = bed.kit.cloud.accessKeyOf('spare')
      const data = { accessKeyId: encode(accessKeyId), accessKeySecret: encode(accessKeySecret) }
      await bed.patch('/api/v1/namespaces/keys/secrets/access-key', { data })
      await askKeys(bed)
    },
  },
]

function askKeys(bed: HelperBed): Promise<unknown> {
  const annotations = { 'acr-nopass.io/refresh-requested-at': new Date().toISOString() }
  return bed.patch('/api/v1/namespaces/keys/configmaps/keys-acr-nopass-status', { metadata: { annotations } })
}

function encode(text: string): string {
  return Buffer.from(text).toString('base64')
}
