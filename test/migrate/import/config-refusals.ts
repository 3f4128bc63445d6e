import { type ConfigCase, info, PROVIDER, ROLE_A, ROLE_B } from './config-case.ts'

/** Configurations that are rejected, with the setting's name. */
export const CONFIG_REFUSALS: readonly ConfigCase[] = [
  {
    title: 'the broken indentation of the old documents is refused with its line, not taken as nothing',
    data: info('- instanceId: ""', '    regionId: "cn-hangzhou"'),
    refused: [['IMPORT_SETTING', 'acr-registry-info']],
  },
  {
    title: 'two quoted texts side by side, as the old documents have them',
    data: info('- instanceId: "cri-xxx"', '  domains: "xxx.com","yyy.com"'),
    refused: [['IMPORT_SETTING', 'line 2']],
  },
  {
    title: 'settings that slid into the list by their indentation',
    data: info('- instanceId: cri-xxx', '  regionId: cn-hangzhou', 'watch-namespace: all'),
    refused: [['IMPORT_SETTING', 'acr-registry-info']],
  },
  {
    title: 'a map where a list belongs',
    data: info('instanceId: cri-one'),
    refused: [['IMPORT_SETTING', 'is not a list']],
  },
  { title: 'a word where an entry belongs', data: info('- cri-one'), refused: [['IMPORT_SETTING', '[0]']] },
  {
    title: 'all wrong fields in one report',
    data: {
      ...info(
        '- instanceId: CRI-ONE',
        '  regionId: Hangzhou',
        '  domains: "*.example.com"',
        '  assumeRoleARN: <ARN of the role>',
      ),
      'watch-namespace': 'Shop',
    },
    refused: [
      ['IMPORT_SETTING', 'watch-namespace'],
      ['IMPORT_SETTING', 'instanceId'],
      ['IMPORT_SETTING', 'domains'],
      ['IMPORT_SETTING', 'regionId'],
      ['IMPORT_SETTING', 'assumeRoleARN'],
    ],
  },
  {
    title: 'no region anywhere',
    region: 'unknown',
    data: info('- instanceId: cri-one'),
    refused: [['IMPORT_REGION', '[0]']],
  },
  {
    title: 'two keys of two users',
    data: info(
      '- { instanceId: cri-one, regionId: cn-hangzhou, customAccessKey: LTAIA, customAccessKeySecret: a }',
      '- { instanceId: cri-two, regionId: cn-hangzhou, customAccessKey: LTAIB, customAccessKeySecret: b }',
    ),
    refused: [['IMPORT_IDENTITIES', 'AccessKeys']],
  },
  {
    title: 'two roles of RRSA',
    data: {
      ...info(
        `- { instanceId: cri-one, regionId: cn-hangzhou, rrsaRoleARN: "${ROLE_A}", rrsaOIDCProviderRoleARN: "${PROVIDER}" }`,
        `- { instanceId: cri-two, regionId: cn-hangzhou, rrsaRoleARN: "${ROLE_B}", rrsaOIDCProviderRoleARN: "${PROVIDER}" }`,
      ),
      rrsa: 'enable: true',
    },
    refused: [['IMPORT_IDENTITIES', 'RRSA roles']],
  },
  {
    title: 'RRSA without its provider',
    data: {
      ...info('- instanceId: cri-one', '  regionId: cn-hangzhou', `  rrsaRoleARN: ${ROLE_A}`),
      rrsa: 'enable: true',
    },
    refused: [['IMPORT_SETTING', 'rrsaOIDCProviderRoleARN']],
  },
  {
    title: 'one instance with two roles',
    data: info(
      `- { instanceId: cri-one, regionId: cn-hangzhou, assumeRoleARN: "${ROLE_A}" }`,
      `- { instanceId: cri-one, regionId: cn-hangzhou, assumeRoleARN: "${ROLE_B}" }`,
    ),
    refused: [['IMPORT_SETTING', 'one registry']],
  },
]
