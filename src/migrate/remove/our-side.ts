import { METADATA_ONLY_LIST } from '../../kube/client.ts'
import { DEFAULT_SECRET_NAME } from '../../kube/names.ts'
import { findRelease, type ReleaseChoice, type ReleaseFacts } from '../../release/find-release.ts'
import { readPullSecrets } from '../../release/read-pull-secrets.ts'
import type { Reader } from '../../release/reader.ts'
import { createTargets, type Targets } from '../../release/targets.ts'
import { createTransforms, type NamespaceView, type SecretView } from '../../release/views.ts'

/** The state of acr-nopass, which replaces the old helper. */
export interface OurSide {
  /** Epoch milliseconds. */
  readonly now: number
  /** Undefined: not installed. */
  readonly release: ReleaseFacts | undefined
  readonly secretName: string
  /** Undefined without a readable configuration. */
  readonly targets: Targets | undefined
  /** Pods of the helper that are ready. */
  readonly available: number
  readonly namespaces: ReadonlyMap<string, NamespaceView>
  /** Our pull secrets, by namespace. */
  readonly secrets: ReadonlyMap<string, SecretView>
  /** Admission adds the reference to each Pod of a target. */
  readonly admission: boolean
}

/** Reads it; of Secrets only metadata, and only of the pull secret's name. */
export async function readOurSide(reader: Reader, choice: ReleaseChoice, now: number): Promise<OurSide> {
  const { chosen: release } = await findRelease(reader, choice)
  const config = release?.config
  const secretName = config?.secretName ?? release?.status?.secretName ?? DEFAULT_SECRET_NAME
  const targets = config && createTargets(config)
  const instance = `${release?.namespace}.${release?.name}`
  const transforms = createTransforms({
    instance,
    secretLabels: {},
    secretName,
    namespaceLabels: targets?.namespaceLabels ?? new Set(),
  })
  const [namespaces, secrets, available, admission] = await Promise.all([
    reader.list('Namespaces', '/api/v1/namespaces', {
      accept: METADATA_ONLY_LIST,
      transform: transforms.namespace,
    }),
    readPullSecrets(reader, secretName, transforms),
    release === undefined ? 0 : readAvailable(reader, release),
    config === undefined || config.attach === 'serviceAccounts' ? false : hasPodPolicy(reader, config.release.name),
  ])
  return {
    now,
    release,
    secretName,
    targets,
    available,
    namespaces: new Map((namespaces ?? []).map((view) => [view.name, view])),
    secrets: secrets ?? new Map(),
    admission,
  }
}

async function readAvailable(reader: Reader, { namespace, fullname }: ReleaseFacts): Promise<number> {
  const found = await reader.get<{ readonly status?: { readonly readyReplicas?: number } }>(
    `Deployment ${namespace}/${fullname}`,
    `/apis/apps/v1/namespaces/${namespace}/deployments/${fullname}`,
  )
  return found?.status?.readyReplicas ?? 0
}

async function hasPodPolicy(reader: Reader, release: string): Promise<boolean> {
  const api = '/apis/admissionregistration.k8s.io/v1'
  const query = { labelSelector: `app.kubernetes.io/name=acr-nopass,app.kubernetes.io/instance=${release}` }
  const kinds = ['mutatingadmissionpolicies', 'mutatingadmissionpolicybindings']
  const found = await Promise.all(kinds.map((plural) => reader.list(plural, `${api}/${plural}`, { query })))
  return found.every((list) => list !== undefined && list.length > 0)
}
