import { HOME } from '../helper-cluster.ts'
import type { BrokenCase } from './case.ts'
import type { HelperFixture } from './helper-fixture.ts'

type Case = BrokenCase<HelperFixture>

const KEYS = ['-n', 'keys', '--release', 'keys'] as const
const POLICY = '/apis/admissionregistration.k8s.io/v1/mutatingadmissionpolicies/acr-nopass.keys.keys'

/**
 * Installs a second release next to the first, with an access key and references added at
 * admission.
 */
async function installKeys({ helperCluster }: HelperFixture): Promise<void> {
  const { cloud, chart, admin } = helperCluster
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

const BINDINGS = '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings'

/**
 * Copies the configuration of a release and its binding under another name. The copy writes the
 * same Secrets, and without the binding it would not count as a release.
 */
async function copyConfiguration({ helperCluster }: HelperFixture, twin: string): Promise<void> {
  const { chart, admin } = helperCluster
  const path = `/api/v1/namespaces/${HOME}/configmaps/acr-nopass`
  const { data } = await admin.request<{ data: Record<string, string> }>({ method: 'GET', path })
  await chart.createNamespace(twin)
  const labels = { 'app.kubernetes.io/name': 'acr-nopass', 'app.kubernetes.io/instance': twin }
  const body = { metadata: { name: 'acr-nopass', labels }, data }
  await admin.request({ method: 'POST', path: `/api/v1/namespaces/${twin}/configmaps`, body })
  const name = `acr-nopass.${twin}.${twin}`
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name }
  await admin.request({ method: 'POST', path: BINDINGS, body: { metadata: { name }, roleRef, subjects: [] } })
}

/** Cases that need a second release, or another identity and mode. */
export const RELEASE_CASES: readonly Case[] = [
  {
    title: 'a second release runs beside the first',
    id: 'RIVAL_RELEASE',
    severity: 'warning',
    args: ['-n', HOME, '--release', 'acr-nopass'],
    make: async (fixture) => {
      // This release writes Secrets of another name, which is not a conflict.
      await installKeys(fixture)
      await copyConfiguration(fixture, 'twin')
    },
    message: /acr-nopass doctor --namespace twin --release twin/,
    fix: async (fixture) => {
      await fixture.remove('/api/v1/namespaces/twin/configmaps/acr-nopass')
      await fixture.remove(`${BINDINGS}/acr-nopass.twin.twin`)
    },
  },
  {
    title: "the second release's admission policy was deleted",
    id: 'POLICY_MISSING',
    args: KEYS,
    make: (fixture) => fixture.remove(POLICY),
    message: /helm .*-n keys get manifest keys \| kubectl .*--field-manager=helm/,
    fix: (fixture, finding) => fixture.applyAgain(finding),
  },
  {
    title: "the second release's admission policy was changed and no longer matches any Pod",
    id: 'POLICY_INACTIVE',
    args: KEYS,
    make: (fixture) => fixture.patch(POLICY, { spec: { matchConditions: [{ name: 'never', expression: 'false' }] } }),
    message:
      /helm .*-n keys get manifest keys > keys\.yaml && kubectl .*delete mutatingadmissionpolicy acr-nopass\.keys\.keys && kubectl/,
    fix: async (fixture, finding) => {
      await fixture.remove(POLICY)
      await fixture.applyAgain(finding)
    },
  },
  {
    title: "the second release's access key was disabled",
    id: 'CREDENTIALS_REFUSED',
    args: KEYS,
    make: async (fixture) => {
      const { cloud } = fixture.helperCluster
      cloud.control.disableAccessKey(cloud.accessKeyOf('robot').accessKeyId)
      await doctorArgs(fixture)
    },
    message: /kubectl .*-n keys describe secret access-key/,
    fix: async (fixture) => {
      const { accessKeyId, accessKeySecret } = fixture.helperCluster.cloud.accessKeyOf('spare')
      const data = { accessKeyId: encode(accessKeyId), accessKeySecret: encode(accessKeySecret) }
      await fixture.patch('/api/v1/namespaces/keys/secrets/access-key', { data })
      await doctorArgs(fixture)
    },
  },
]

function doctorArgs(fixture: HelperFixture): Promise<unknown> {
  const annotations = { 'acr-nopass.io/refresh-requested-at': new Date().toISOString() }
  return fixture.patch('/api/v1/namespaces/keys/configmaps/keys-acr-nopass-status', { metadata: { annotations } })
}

function encode(text: string): string {
  return Buffer.from(text).toString('base64')
}
