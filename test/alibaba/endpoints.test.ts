import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  createEndpoints,
  type EndpointOptions,
  type Network,
  type Product,
  readEndpoints,
} from '../../src/alibaba/transport/endpoints.ts'
import { formatError, formatPlace, NopassError } from '../../src/errors.ts'

type Row = [
  options: EndpointOptions,
  product: Product,
  region: string | undefined,
  network: Network | undefined,
  host: string,
]
const home: EndpointOptions = { region: 'cn-hangzhou' }

const rows: Row[] = [
  [home, 'cr', 'cn-hangzhou', undefined, 'https://cr-vpc.cn-hangzhou.aliyuncs.com'],
  [home, 'cr', 'cn-shanghai', undefined, 'https://cr.cn-shanghai.aliyuncs.com'],
  [home, 'cr', undefined, undefined, 'https://cr-vpc.cn-hangzhou.aliyuncs.com'],
  [home, 'cr', 'cn-shanghai', 'vpc', 'https://cr-vpc.cn-shanghai.aliyuncs.com'],
  [home, 'cr', 'cn-hangzhou', 'public', 'https://cr.cn-hangzhou.aliyuncs.com'],
  [{ ...home, network: 'public' }, 'cr', 'cn-hangzhou', 'auto', 'https://cr.cn-hangzhou.aliyuncs.com'],
  [{ ...home, network: 'vpc' }, 'sts', 'cn-shanghai', undefined, 'https://sts-vpc.cn-shanghai.aliyuncs.com'],
  [{ region: 'cn-heyuan' }, 'cr', 'cn-heyuan', undefined, 'https://cr.cn-heyuan.aliyuncs.com'],
  [{ region: 'cn-heyuan' }, 'sts', 'cn-heyuan', undefined, 'https://sts-vpc.cn-heyuan.aliyuncs.com'],
  [{}, 'cr', 'cn-hangzhou', undefined, 'https://cr.cn-hangzhou.aliyuncs.com'],
  [{}, 'sts', undefined, undefined, 'https://sts.aliyuncs.com'],
  // The industry clouds: endpoint maps of @alicloud/cr20181201 2.2.2 and @alicloud/cs20151215
  // 7.1.1. The map of @alicloud/sts20150401 1.2.0 has no exception for them, so its rule for
  // regions applies. aliyun/alibaba-cloud-sdk-go services/sts/endpoint.go has the VPC endpoints.
  [{}, 'cr', 'cn-shanghai-finance-1', undefined, 'https://cr.cn-shanghai-finance-1.aliyuncs.com'],
  [{}, 'cr', 'cn-hangzhou-finance', undefined, 'https://cr.cn-hangzhou-finance.aliyuncs.com'],
  [{}, 'cr', 'cn-north-2-gov-1', undefined, 'https://cr.cn-north-2-gov-1.aliyuncs.com'],
  [{}, 'cs', 'cn-shenzhen-finance-1', undefined, 'https://cs.cn-shenzhen-finance-1.aliyuncs.com'],
  [{}, 'sts', 'cn-shenzhen-finance-1', 'vpc', 'https://sts-vpc.cn-shenzhen-finance-1.aliyuncs.com'],
  [{}, 'sts', 'cn-north-2-gov-1', 'vpc', 'https://sts-vpc.cn-north-2-gov-1.aliyuncs.com'],
  // https://alibabacloud.com/help/en/ram/developer-reference/api-ram-2015-05-01-endpoint. For IMS
  // also AliyunContainerService/ack-ram-tool pkg/openapi/client.go, endpointsTpl.
  [home, 'ram', 'cn-hangzhou', 'vpc', 'https://ram.vpc-proxy.aliyuncs.com'],
  [home, 'ims', 'cn-hangzhou', 'vpc', 'https://ims.vpc-proxy.aliyuncs.com'],
  // With `auto`, the public address is used, because the action and the CLI call it and may run
  // anywhere.
  [home, 'ram', 'cn-hangzhou', undefined, 'https://ram.aliyuncs.com'],
  [home, 'cs', 'cn-hangzhou', undefined, 'https://cs.cn-hangzhou.aliyuncs.com'],
  [home, 'cs', 'cn-hangzhou', 'vpc', 'https://cs-anony-vpc.cn-hangzhou.aliyuncs.com'],
  [home, 'imds', undefined, undefined, 'http://100.100.100.200'],
  [{ overrides: { cr: 'https://cr.gov.example' } }, 'cr', 'cn-north-2-gov-1', 'vpc', 'https://cr.gov.example'],
  [{ overrides: { imds: 'http://127.0.0.1:8080' } }, 'imds', undefined, undefined, 'http://127.0.0.1:8080'],
  [{ overrides: { sts: 'http://[::1]:99' } }, 'sts', 'cn-hangzhou', undefined, 'http://[::1]:99'],
]

for (const [options, product, region, network, expected] of rows) {
  test(`${product} in ${region ?? 'no region'} by ${network ?? 'default'} of ${JSON.stringify(options)} is ${expected}`, () => {
    assert.equal(createEndpoints(options).url(product, region, network).origin, expected)
  })
}

const refused = [
  'http://cr.example',
  'ftp://127.0.0.1',
  'https://cr.example/path',
  'https://user:pw@cr.example',
  'https://cr.example?a=b',
  'cr.example',
  '',
]
for (const override of refused.slice(0, -1)) {
  test(`the override ${override} is rejected before anything is sent to it`, () => {
    const endpoints = createEndpoints({ overrides: { cr: override } })
    assert.throws(
      () => endpoints.url('cr', 'cn-hangzhou'),
      (error) => error instanceof NopassError && error.code === 'ENDPOINT_INVALID',
    )
  })
}

test('an empty override counts as none', () => {
  assert.equal(createEndpoints({ overrides: { cr: '' } }).url('cr', 'cn-hangzhou').host, 'cr.cn-hangzhou.aliyuncs.com')
  assert.equal(createEndpoints({ overrides: { registry: '' } }).registry(), undefined)
})

for (const region of ['', 'hangzhou', 'cn-hangzhou.evil.example/', 'CN-HANGZHOU']) {
  test(`the region ${JSON.stringify(region)} never becomes a host name`, () => {
    assert.throws(
      () => createEndpoints({}).url('cr', region),
      (error) => error instanceof NopassError && error.code === 'ENDPOINT_INVALID',
    )
  })
}

const located: readonly [options: EndpointOptions, network: Network | undefined, publicHost: string | undefined][] = [
  [home, undefined, 'sts.cn-hangzhou.aliyuncs.com'],
  [{ ...home, network: 'auto' }, 'auto', 'sts.cn-hangzhou.aliyuncs.com'],
  // A request for the VPC address gets this address or an error.
  [home, 'vpc', undefined],
  [{ ...home, network: 'vpc' }, undefined, undefined],
  [home, 'public', undefined],
  [{}, undefined, undefined],
  [{ ...home, overrides: { sts: 'https://sts.gov.example' } }, undefined, undefined],
]
for (const [options, network, publicHost] of located) {
  test(`the public address for ${JSON.stringify(options)} by ${network ?? 'default'} is ${publicHost}`, () => {
    const { publicEndpoint } = createEndpoints(options).locate('sts', 'cn-hangzhou', network)
    assert.equal(publicEndpoint?.host, publicHost)
  })
}

for (const [text, place] of [
  ['ram: [', ':1:7'],
  ['ram: https://a\nram: https://b', ':2:1'],
  ['ram: *password', ''],
  ['ram https://user:password@x: y: z', ':1:30'],
] as const) {
  test(`security: endpoints that are not YAML are an invalid input at endpoints${place}, and the message quotes nothing: ${text}`, () => {
    assert.throws(
      () => readEndpoints(text),
      (error) =>
        error instanceof NopassError &&
        error.code === 'INPUT_INVALID' &&
        formatPlace(error.place) === `endpoints${place}` &&
        !formatError(error).includes('password'),
    )
  })
}
