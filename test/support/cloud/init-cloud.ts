import type { Seed } from '../../../sandbox/cloud/seed/generated/seed.ts'
import { type Cloud, startCloud } from '../../../sandbox/cloud/start-cloud.ts'
import { initPolicyDocument } from '../../../src/policy/init-document.ts'

export const ACCOUNT = '1427736501988243'
export const OTHER_ACCOUNT = '1867204395510376'
const id = (digit: string): string => `c${digit.repeat(32)}`

/** The clusters of the main account, in two regions, by what is special about each. */
export const CLUSTERS = {
  rrsa: id('1'),
  roles: id('2'),
  serverless: id('3'),
  registered: id('4'),
  addon: id('5'),
  chinese: id('6'),
  twin: id('7'),
} as const
export const OTHER_CLUSTER = id('9')
export const INSTANCE = 'cri-shop0000000001'
export const FAR_INSTANCE = 'cri-base0000000001'
const SHOP_VPC = 'vpc-shop'

/** The actions that `policy --ci --init` prints. */
export const ACTIONS: readonly string[] = initPolicyDocument(ACCOUNT).Statement.flatMap(({ Action = [] }) => Action)

/** The user who has all of these rights but one. */
export const userWithout = (action: string): string => `without-${action.replace(':', '-')}`

/** The document without one action. */
function without(action: string): object {
  const { Version, Statement } = initPolicyDocument(ACCOUNT)
  const left = Statement.map((one) => ({ ...one, Action: [one.Action ?? []].flat().filter((name) => name !== action) }))
  return { Version, Statement: left.filter((one) => one.Action.length > 0) }
}

function initSeed(): Seed {
  const rrsaIssuer = 'https://oidc.example.com/shop'
  const clusters: NonNullable<Seed['accounts'][0]['clusters']> = [
    { id: CLUSTERS.rrsa, name: 'Shop', region: 'cn-hangzhou', rrsaIssuer, vpc: SHOP_VPC },
    { id: CLUSTERS.roles, name: 'batch', region: 'cn-beijing', vpc: 'vpc-batch', publicEndpoint: false },
    { id: CLUSTERS.serverless, name: 'jobs', region: 'cn-hangzhou', kind: 'serverless' },
    { id: CLUSTERS.registered, name: 'datacenter', region: 'cn-hangzhou', kind: 'registered' },
    {
      id: CLUSTERS.addon,
      name: 'legacy',
      region: 'cn-hangzhou',
      rrsaIssuer: 'https://oidc.example.com/legacy',
      addons: ['managed-aliyun-acr-credential-helper'],
    },
    { id: CLUSTERS.chinese, name: '生产', region: 'cn-hangzhou', state: 'stopped' },
    { id: CLUSTERS.twin, name: 'batch', region: 'cn-hangzhou' },
  ]
  const vpc = { domains: ['shop-registry-vpc.cn-hangzhou.cr.aliyuncs.com'], vpcs: [SHOP_VPC] }
  const internet = { domains: ['shop-registry.cn-hangzhou.cr.aliyuncs.com'], enabled: false }
  return {
    accounts: [
      {
        id: ACCOUNT,
        policies: {
          'acr-nopass-init': initPolicyDocument(ACCOUNT) as never,
          ...Object.fromEntries(ACTIONS.map((action) => [userWithout(action), without(action) as never])),
        },
        users: [
          { name: 'administrator', administrator: true, policies: { system: ['AdministratorAccess'] } },
          { name: 'reader', policies: { custom: ['acr-nopass-init'] } },
          { name: 'nobody' },
          ...ACTIONS.map((action) => ({ name: userWithout(action), policies: { custom: [userWithout(action)] } })),
        ],
        clusters,
        instances: [
          {
            id: INSTANCE,
            name: 'shop-images',
            region: 'cn-hangzhou',
            edition: 'enterprise',
            endpoints: { internet, vpc },
          },
          { id: FAR_INSTANCE, name: 'base', region: 'cn-beijing', edition: 'enterprise', status: 'STOPPED' },
          { name: 'personal', region: 'cn-hangzhou', edition: 'personal' },
        ],
      },
      {
        id: OTHER_ACCOUNT,
        users: [{ name: 'administrator', policies: { system: ['AdministratorAccess'] } }],
        clusters: [
          { id: OTHER_CLUSTER, name: 'other', region: 'cn-shanghai', rrsaIssuer: 'https://oidc.example.com/other' },
        ],
        instances: [{ id: 'cri-other000000001', name: 'other-images', region: 'cn-shanghai', edition: 'enterprise' }],
      },
      { id: '1112223334445556', users: [{ name: 'administrator', policies: { system: ['AdministratorAccess'] } }] },
    ],
  }
}

/**
 * Starts an account with clusters of most kinds, and users with all and with all but one of the
 * rights of init.
 */
export async function startInitCloud() {
  const cloud: Cloud = await startCloud({ seed: initSeed() })
  // A cluster whose API server has an address in the VPC only.
  cloud.registerCluster({
    clusterId: CLUSTERS.roles,
    name: 'batch',
    region: 'cn-beijing',
    server: 'https://10.0.0.1:6443',
    kubeconfig: async () => '',
    workerRoles: [],
  })
  const { sts, cs, cr } = cloud.endpoints
  return {
    cloud,
    endpoints: JSON.stringify({ sts, cs, cr }),
    /** The variables of a user's AccessKey. */
    keyOf: (user: string, account: string = ACCOUNT) => {
      const { accessKeyId, accessKeySecret } = cloud.accessKeyOf(user, account)
      return { ALIBABA_CLOUD_ACCESS_KEY_ID: accessKeyId, ALIBABA_CLOUD_ACCESS_KEY_SECRET: accessKeySecret }
    },
    [Symbol.asyncDispose]: () => cloud.stop(),
  }
}
