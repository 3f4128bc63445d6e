import { METADATA_ONLY } from '../../../src/kube/client.ts'
import { ANNOTATION_EXPIRES_AT } from '../../../src/kube/names.ts'
import type { KubeObject } from '../../../src/kube/types.ts'
import { eventually } from '../../support/eventually.ts'
import { HOME } from '../helper-kit.ts'
import { type HelperBed, SUBJECT } from './helper-bed.ts'
import type { BrokenSetup } from './setup.ts'

type Setup = BrokenSetup<HelperBed>

/** Breaks something of the cloud, and lets the helper run into it now. */
const rotating =
  (change: (bed: HelperBed) => unknown): Setup['make'] =>
  async (bed) => {
    await change(bed)
    await bed.rotate()
  }

/** Alibaba Cloud, its registries, and what lies between them and the helper. */
export const CLOUD_SETUPS: readonly Setup[] = [
  {
    title: 'the policy was detached from the role',
    id: 'RAM_DENIED',
    make: rotating(({ kit, trust }) => kit.cloud.control.revoke(trust.role)),
    says: /cr:\w+[\s\S]*acr-nopass policy -f values\.yaml/,
    fix: rotating((bed) => bed.grantRole()),
  },
  {
    title: 'the role trusts another ServiceAccount',
    id: 'ROLE_NOT_TRUSTED',
    make: rotating((bed) => bed.trustRole('system:serviceaccount:kube-system:aliyun-acr-credential-helper')),
    says: new RegExp(`has to trust oidc:sub ${SUBJECT}, oidc:iss https://`),
    fix: rotating((bed) => bed.trustRole(SUBJECT)),
  },
  {
    title: 'the role trusts the issuer of another cluster',
    id: 'ROLE_NOT_TRUSTED',
    make: rotating((bed) => bed.trustRole(SUBJECT, 'https://oidc-ack-cn-hangzhou.example.com/another')),
    says: /--issuer https:\/\/\S+ --oidc-provider-arn acs:ram::\d+:oidc-provider\/rrsa/,
    fix: rotating((bed) => bed.trustRole(SUBJECT)),
  },
  {
    title: 'the Secret with the login of a static registry lost its password',
    id: 'IDENTITY_MISSING',
    make: rotating((bed) => setPassword(bed, '')),
    says: /existingSecret needs the keys username and password[\s\S]*kubectl .*-n acr-system describe pods/,
    fix: rotating((bed) => setPassword(bed, bed.kit.cloud.registryPush.password)),
  },
  {
    title: 'the cloud cannot be reached',
    id: 'CLOUD_OUT_OF_REACH',
    make: rotating(({ kit }) =>
      kit.cloud.faults.add({ kind: 'cut', match: { product: 'cr' }, times: Number.POSITIVE_INFINITY }),
    ),
    says: /NAT gateway or VPC endpoint/,
    fix: rotating(({ kit }) => kit.cloud.faults.clear()),
  },
  {
    title: 'the cloud refuses for having been asked too often',
    id: 'REGISTRY_FAILING',
    make: rotating(({ kit }) =>
      kit.cloud.faults.add({ kind: 'throttle', match: { product: 'cr' }, times: Number.POSITIVE_INFINITY }),
    ),
    says: /Throttling\.User/,
    fix: rotating(({ kit }) => kit.cloud.faults.clear()),
  },
  {
    title: 'the registry refuses every login that the cloud gives',
    id: 'REGISTRY_REFUSES',
    make: rotating(({ kit }) =>
      kit.cloud.faults.add({
        kind: 'status',
        status: 401,
        code: 'UNAUTHORIZED',
        match: { product: 'registry' },
        times: Number.POSITIVE_INFINITY,
      }),
    ),
    says: /acr-nopass refresh/,
    fix: rotating(({ kit }) => kit.cloud.faults.clear()),
  },
  {
    title: 'values name an instance that does not exist',
    id: 'INSTANCE_NOT_FOUND',
    make: ({ kit, values }) =>
      kit.install(values, {
        registries: [
          ...(values as { registries: object[] }).registries,
          { name: 'wrong', edition: 'enterprise', instanceId: 'cri-0000000000000000', region: 'cn-hangzhou' },
        ],
      }),
    says: /aliyun cr ListInstance --region cn-hangzhou/,
    fix: async (bed) => {
      await bed.kit.install(bed.values)
      await bed.restart()
    },
  },
  {
    title: 'the credential has ended: of the registry',
    id: 'REGISTRY_EXPIRED',
    make: expire,
    says: /acr-nopass refresh/,
    fix: restore,
  },
  {
    title: 'the credential has ended: in the Secrets',
    id: 'SECRET_EXPIRED',
    make: expire,
    says: /acr-nopass refresh/,
    fix: restore,
  },
]

async function expire(bed: HelperBed): Promise<void> {
  bed.kit.cloud.control.shortSessions(20)
  await bed.rotate()
  await untilShort(bed)
  await bed.scale(0)
}

/** Until a credential that expires within two minutes is reported and in the pull secrets: an expired one never replaces one that is live. */
async function untilShort({ kit }: HelperBed): Promise<void> {
  await eventually(async () => {
    const path = '/api/v1/namespaces/shop/secrets/acr-nopass'
    const { metadata } = await kit.admin.request<KubeObject>({ method: 'GET', path, accept: METADATA_ONLY })
    const reported = (await kit.status())?.registries.find(({ name }) => name === 'demo')?.expiresAt
    for (const end of [metadata.annotations?.[ANNOTATION_EXPIRES_AT], reported]) {
      if (end === undefined || Date.parse(end) - Date.now() > 120_000) throw new Error(`still until ${end}`)
    }
  }, 60_000)
}

async function restore(bed: HelperBed): Promise<void> {
  bed.kit.cloud.control.shortSessions(undefined)
  await bed.scale(1)
  await bed.rotate()
}

async function setPassword(bed: HelperBed, password: string): Promise<void> {
  const data = { password: Buffer.from(password).toString('base64') }
  await bed.patch(`/api/v1/namespaces/${HOME}/secrets/legacy-login`, { data })
}
