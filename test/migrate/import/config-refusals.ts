import { type ConfigCase, info, PROVIDER, ROLE_A, ROLE_B } from './config-case.ts'

/** Configurations that are rejected, with the setting's name. */
export const CONFIG_REFUSALS: readonly ConfigCase[] = [
  {
    title: 'the broken indentation of the old documents is rejected with its line, not read as empty',
    data: info('- instanceId: ""', '    regionId: "cn-hangzhou"'),
    refused: [['IMPORT_SETTING', 'acr-registry-info']],
  },
  {
    title: 'two quoted strings side by side, as in the old documents',
    data: info('- instanceId: "cri-xxx"', '  domains: "xxx.com","yyy.com"'),
    refused: [['IMPORT_SETTING', 'line 2']],
  },
  {
    title: 'settings that belong to the list because of their indentation',
    data: info('- instanceId: cri-xxx', '  regionId: cn-hangzhou', 'watch-namespace: all'),
    refused: [['IMPORT_SETTING', 'acr-registry-info']],
  },
  {
    title: 'a map instead of a list',
    data: info('instanceId: cri-one'),
    refused: [['IMPORT_SETTING', 'is not a list']],
  },
  { title: 'a string instead of an entry', data: info('- cri-one'), refused: [['IMPORT_SETTING', '[0]']] },
  {
    title: 'all invalid fields in one report',
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
    title: 'a missing region',
    region: 'unknown',
    data: info('- instanceId: cri-one'),
    refused: [['IMPORT_REGION', '[0]']],
  },
  {
    title: 'the AccessKeys of two users',
    data: info(
      '- { instanceId: cri-one, regionId: cn-hangzhou, customAccessKey: LTAIA, customAccessKeySecret: a }',
      '- { instanceId: cri-two, regionId: cn-hangzhou, customAccessKey: LTAIB, customAccessKeySecret: b }',
    ),
    refused: [['IMPORT_IDENTITIES', 'AccessKeys']],
  },
  {
    title: 'two RRSA roles',
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
