import { METADATA_ONLY } from '../../../src/kube/client.ts'
import { ANNOTATION_EXPIRES_AT } from '../../../src/kube/names.ts'
import type { KubeObject } from '../../../src/kube/types.ts'
import { eventually } from '../../support/eventually.ts'
import { HOME } from '../helper-cluster.ts'
import type { BrokenCase } from './case.ts'
import { type HelperFixture, SUBJECT } from './helper-fixture.ts'

type Case = BrokenCase<HelperFixture>

/** Breaks something in the cloud, and makes the helper use it immediately. */
const rotating =
  (change: (fixture: HelperFixture) => unknown): Case['make'] =>
  async (fixture) => {
    await change(fixture)
    await fixture.rotate()
  }

/** Cases of Alibaba Cloud, its registries, and the network between them and the helper. */
export const CLOUD_CASES: readonly Case[] = [
  {
    title: 'the policy was detached from the role',
    id: 'RAM_DENIED',
    make: rotating(({ helperCluster, trust }) => helperCluster.cloud.control.revoke(trust.role)),
    message: /cr:\w+[\s\S]*acr-nopass policy -f values\.yaml/,
    fix: rotating((fixture) => fixture.grantRole()),
  },
  {
    title: 'the role trusts another ServiceAccount',
    id: 'ROLE_NOT_TRUSTED',
    make: rotating((fixture) => fixture.trustRole('system:serviceaccount:kube-system:aliyun-acr-credential-helper')),
    message: new RegExp(`has to trust oidc:sub ${SUBJECT}, oidc:iss https://`),
    fix: rotating((fixture) => fixture.trustRole(SUBJECT)),
  },
  {
    title: 'the role trusts the issuer of another cluster',
    id: 'ROLE_NOT_TRUSTED',
    make: rotating((fixture) => fixture.trustRole(SUBJECT, 'https://oidc-ack-cn-hangzhou.example.com/another')),
    message: /--issuer https:\/\/\S+ --oidc-provider-arn acs:ram::\d+:oidc-provider\/rrsa/,
    fix: rotating((fixture) => fixture.trustRole(SUBJECT)),
  },
  {
    title: 'the Secret with the login of a static registry lost its password',
    id: 'IDENTITY_MISSING',
    make: rotating((fixture) => setPassword(fixture, '')),
    message: /existingSecret needs the keys username and password[\s\S]*kubectl .*-n acr-system describe pods/,
    fix: rotating((fixture) => setPassword(fixture, fixture.helperCluster.cloud.registryPush.password)),
  },
  {
    title: 'the cloud cannot be reached',
    id: 'CLOUD_OUT_OF_REACH',
    make: rotating(({ helperCluster }) =>
      helperCluster.cloud.faults.add({ kind: 'cut', match: { product: 'cr' }, times: Number.POSITIVE_INFINITY }),
    ),
    message: /NAT gateway or VPC endpoint/,
    fix: rotating(({ helperCluster }) => helperCluster.cloud.faults.clear()),
  },
  {
    title: 'the cloud throttles',
    id: 'REGISTRY_FAILING',
    make: rotating(({ helperCluster }) =>
      helperCluster.cloud.faults.add({ kind: 'throttle', match: { product: 'cr' }, times: Number.POSITIVE_INFINITY }),
    ),
    message: /Throttling\.User/,
    fix: rotating(({ helperCluster }) => helperCluster.cloud.faults.clear()),
  },
  {
    title: 'the registry rejects every login that the cloud issues',
    id: 'REGISTRY_REFUSES',
    make: rotating(({ helperCluster }) =>
      helperCluster.cloud.faults.add({
        kind: 'status',
        status: 401,
        code: 'UNAUTHORIZED',
        match: { product: 'registry' },
        times: Number.POSITIVE_INFINITY,
      }),
    ),
    message: /acr-nopass refresh/,
    fix: rotating(({ helperCluster }) => helperCluster.cloud.faults.clear()),
  },
  {
    title: 'the registry gives the helper no usable answer',
    id: 'REGISTRY_UNVERIFIED',
    severity: 'warning',
    make: rotating(({ helperCluster }) =>
      helperCluster.cloud.faults.add({
        kind: 'status',
        status: 503,
        code: 'UNAVAILABLE',
        match: { product: 'registry' },
        times: Number.POSITIVE_INFINITY,
      }),
    ),
    message: /Nodes may reach it[\s\S]*`verify\.enabled: false`\.\nacr-nopass refresh/,
    fix: async (fixture) => {
      fixture.helperCluster.cloud.faults.clear()
      // The regular check would see it too, at most five minutes later.
      await fixture.restart()
    },
  },
  {
    title: 'the values name an instance that does not exist',
    id: 'INSTANCE_NOT_FOUND',
    make: ({ helperCluster, values }) =>
      helperCluster.install(values, {
        registries: [
          ...(values as { registries: object[] }).registries,
          { name: 'wrong', edition: 'enterprise', instanceId: 'cri-0000000000000000', region: 'cn-hangzhou' },
        ],
      }),
    message: /aliyun cr ListInstance --region cn-hangzhou/,
    fix: async (fixture) => {
      await fixture.helperCluster.install(fixture.values)
      await fixture.restart()
    },
  },
  {
    title: 'the credential has expired: at the registry',
    id: 'REGISTRY_EXPIRED',
    make: expire,
    message: /acr-nopass refresh/,
    fix: restore,
  },
  {
    title: 'the credential has expired: in the Secrets',
    id: 'SECRET_EXPIRED',
    make: expire,
    message: /acr-nopass refresh/,
    fix: restore,
  },
]

async function expire(fixture: HelperFixture): Promise<void> {
  fixture.helperCluster.cloud.control.shortSessions(20)
  await fixture.rotate()
  await untilShort(fixture)
  await fixture.scale(0)
}

/**
 * Waits until a credential that expires within two minutes is reported and written to the pull
 * secrets. The helper never replaces a valid credential by an expired one.
 */
async function untilShort({ helperCluster }: HelperFixture): Promise<void> {
  await eventually(async () => {
    const path = '/api/v1/namespaces/shop/secrets/acr-nopass'
    const { metadata } = await helperCluster.admin.request<KubeObject>({ method: 'GET', path, accept: METADATA_ONLY })
    const reported = (await helperCluster.status())?.registries.find(({ name }) => name === 'demo')?.expiresAt
    for (const end of [metadata.annotations?.[ANNOTATION_EXPIRES_AT], reported]) {
      if (end === undefined || Date.parse(end) - Date.now() > 120_000) throw new Error(`still until ${end}`)
    }
  }, 60_000)
}

async function restore(fixture: HelperFixture): Promise<void> {
  fixture.helperCluster.cloud.control.shortSessions(undefined)
  await fixture.scale(1)
  await fixture.rotate()
}

async function setPassword(fixture: HelperFixture, password: string): Promise<void> {
  const data = { password: Buffer.from(password).toString('base64') }
  await fixture.patch(`/api/v1/namespaces/${HOME}/secrets/legacy-login`, { data })
}
