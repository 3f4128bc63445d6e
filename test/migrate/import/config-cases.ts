import { type ConfigCase, info, one, PROVIDER, personal, ROLE_A, ROLE_B } from './config-case.ts'

/** Configurations that can be imported. */
export const CONFIG_CASES: readonly ConfigCase[] = [
  {
    title:
      'the empty configuration of a new installation means its own Personal Edition, default namespace and ServiceAccount',
    data: { 'acr-api-version': '2018-12-01', 'watch-namespace': 'default', ...info('# - instanceId: ""') },
    region: 'cn-hangzhou',
    registries: [personal('cn-hangzhou')],
    namespaces: { include: ['default'] },
    serviceAccounts: ['default'],
    identity: { type: 'worker-role' },
    notes: [
      ['todo', 'rights to pull'],
      ['dropped', 'acr-api-version'],
    ],
  },
  {
    title: 'instances of two regions, all namespaces',
    data: {
      'service-account': 'default',
      'watch-namespace': 'all',
      'expiring-threshold': '15m',
      'notify-email': 'c@example.com',
      ...info(
        '- instanceId: "cri-one"',
        '  regionId: "cn-beijing"',
        '- instanceId: "cri-two"',
        '  regionId: "cn-hangzhou"',
      ),
    },
    registries: [one('cri-one', 'cn-beijing'), one('cri-two')],
    namespaces: { include: ['*'] },
    serviceAccounts: ['default'],
    notes: [
      ['todo', 'rights to pull'],
      ['changed', 'kube-*'],
      ['dropped', 'expiring-threshold'],
      ['dropped', 'notify-email'],
    ],
  },
  {
    title: 'Personal and Enterprise together, in the cluster’s region',
    data: info('- instanceId: ""', '- instanceId: cri-one'),
    region: 'cn-hangzhou',
    registries: [personal('cn-hangzhou'), one('cri-one')],
  },
  {
    title: 'lists of namespaces and ServiceAccounts, with blanks and empty parts',
    data: {
      ...info('- instanceId: cri-one', '  regionId: cn-hangzhou'),
      'watch-namespace': ' shop, web,,shop ',
      'service-account': 'Default,builder',
    },
    registries: [one('cri-one')],
    namespaces: { include: ['shop', 'web'] },
    serviceAccounts: ['default', 'builder'],
  },
  {
    title: 'every ServiceAccount',
    data: {
      ...info('- instanceId: cri-one', '  regionId: cn-hangzhou'),
      'watch-namespace': 'All',
      'service-account': '*',
    },
    namespaces: { include: ['*'] },
    serviceAccounts: ['*'],
  },
  {
    title: 'a system namespace that is listed is not excluded',
    data: { ...info('- instanceId: cri-one', '  regionId: cn-hangzhou'), 'watch-namespace': 'shop,kube-system' },
    namespaces: { include: ['kube-system', 'shop'], exclude: [] },
  },
  {
    title: 'VPC domains stay VPC domains; a custom domain stays; scheme and case do not matter',
    data: info(
      '- instanceId: cri-one',
      '  regionId: cn-hangzhou',
      '  domains: "shop-registry-vpc.cn-hangzhou.cr.aliyuncs.com, https://Images.example.com/"',
    ),
    registries: [{ ...one('cri-one'), name: 'shop', network: 'vpc', domains: ['images.example.com'] }],
  },
  {
    title: 'the public and the VPC domain of an instance together mean all networks',
    data: info(
      '- instanceId: cri-one',
      '  regionId: cn-hangzhou',
      '  domains: shop-registry-vpc.cn-hangzhou.cr.aliyuncs.com,shop-registry.cn-hangzhou.cr.aliyuncs.com',
    ),
    registries: [{ ...one('cri-one'), name: 'shop' }],
  },
  {
    title: 'a domain of another region is kept by name',
    data: info(
      '- instanceId: cri-one',
      '  regionId: cn-hangzhou',
      '  domains: shop-registry.cn-beijing.cr.aliyuncs.com',
    ),
    registries: [{ ...one('cri-one'), domains: ['shop-registry.cn-beijing.cr.aliyuncs.com'] }],
  },
  {
    title: 'the same instance twice is one registry',
    data: info(
      '- { instanceId: cri-one, regionId: cn-hangzhou, domains: a.example.com }',
      '- { instanceId: cri-one, regionId: cn-hangzhou, domains: "a.example.com,b.example.com" }',
    ),
    registries: [{ ...one('cri-one'), domains: ['a.example.com', 'b.example.com'] }],
  },
  {
    title: 'RRSA across accounts: the cluster’s role, then the role of the other account for its hours',
    data: {
      ...info(
        '- instanceId: cri-one',
        '  regionId: cn-hangzhou',
        `  rrsaRoleARN: "${ROLE_A}"`,
        `  rrsaOIDCProviderRoleARN: "${PROVIDER}"`,
        `  assumeRoleARN: "${ROLE_B}"`,
        '  expireDuration: 43200',
      ),
      rrsa: 'enable: true\n',
    },
    registries: [{ ...one('cri-one'), assumeRole: [{ roleArn: ROLE_B, durationSeconds: 43200 }] }],
    identity: { type: 'rrsa', rrsa: { roleArn: ROLE_A, oidcProviderArn: PROVIDER } },
    notes: [['todo', 'system:serviceaccount:acr-nopass:acr-nopass']],
  },
  {
    title: 'RRSA for one entry only: the other instance is called with that role too, and a note reports this',
    data: {
      ...info(
        '- instanceId: cri-one',
        '  regionId: cn-hangzhou',
        `  rrsaRoleARN: ${ROLE_A}`,
        `  rrsaOIDCProviderRoleARN: ${PROVIDER}`,
        '- instanceId: cri-two',
        '  regionId: cn-hangzhou',
      ),
      rrsa: 'enable: true',
    },
    registries: [one('cri-one'), one('cri-two')],
    notes: [
      ['todo', 'oidc:sub'],
      ['changed', 'acr-registry-info[1]'],
    ],
  },
  {
    title: 'RRSA roles are not used while RRSA is off, as before',
    data: info('- instanceId: cri-one', '  regionId: cn-hangzhou', `  rrsaRoleARN: ${ROLE_A}`),
    identity: { type: 'worker-role' },
    notes: [
      ['todo', 'rights'],
      ['dropped', 'rrsaRoleARN'],
    ],
  },
  {
    title: 'the worker role assumes a role of the registry’s account; a duration that STS does not know is the default',
    data: info(
      '- instanceId: cri-one',
      '  regionId: cn-hangzhou',
      `  assumeRoleARN: ${ROLE_B}`,
      '  expireDuration: 60',
    ),
    registries: [{ ...one('cri-one'), assumeRole: [{ roleArn: ROLE_B }] }],
  },
  {
    title: 'an AccessKey is not copied: the output asks for a Secret with it',
    data: info(
      '- instanceId: cri-one',
      '  regionId: cn-hangzhou',
      '  customAccessKey: "LTAI5tSECRETMARKER1"',
      '  customAccessKeySecret: "SECRETMARKER2"',
    ),
    registries: [one('cri-one')],
    identity: { type: 'access-key', accessKey: { existingSecret: 'acr-nopass-key' } },
    notes: [['todo', 'acr-nopass/acr-nopass-key']],
  },
  {
    title: 'the webhook is not needed',
    data: {
      ...info('- instanceId: cri-one', '  regionId: cn-hangzhou'),
      'webhook-configuration': 'enable: true\nfailure-policy: Ignore\ntimeout-seconds: 10\n',
    },
    notes: [
      ['todo', 'rights'],
      ['changed', 'webhook'],
    ],
  },
  {
    title: 'an undocumented setting is reported as lost',
    data: { ...info('- instanceId: cri-one', '  regionId: cn-hangzhou', '  namespaces: shop'), 'registry-mirror': 'x' },
    registries: [one('cri-one')],
    notes: [
      ['lost', 'registry-mirror'],
      ['lost', 'acr-registry-info[0].namespaces'],
      ['todo', 'rights'],
    ],
  },
  {
    title: 'the globs of 2019: the instance by its name, in the cluster’s region; the placeholder is none',
    data: {
      'acr-registry':
        'registry.*.aliyuncs.com,shop-registry.*.cr.aliyuncs.com,xxx-registry.*.cr.aliyuncs.com,reg.example.com',
    },
    region: 'cn-hangzhou',
    registries: [
      personal('cn-hangzhou'),
      { name: 'shop', edition: 'enterprise', instanceName: 'shop', region: 'cn-hangzhou' },
    ],
    notes: [
      ['lost', 'reg.example.com'],
      ['todo', 'rights'],
    ],
  },
  {
    title: 'the region of the cluster decides how the APIs are called: without it an error asks for it',
    region: 'unknown',
    data: info('- instanceId: cri-one', '  regionId: cn-hangzhou'),
    registries: [one('cri-one')],
    notes: [
      ['todo', '--region'],
      ['todo', 'rights'],
    ],
  },
]
