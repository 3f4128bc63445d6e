import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createEndpoints } from '../../src/alibaba/transport/endpoints.ts'
import { cloudInstanceFindings } from '../../src/doctor/checks/cloud-instances.ts'
import { createCloudReader } from '../../src/doctor/cloud/cloud-reader.ts'
import { readInstance } from '../../src/doctor/cloud/read-instance.ts'
import { json, KEY, scripted } from '../alibaba/scripted-transport.ts'
import { fixture } from './fixture.ts'

const KNOWN = json(200, { IsSuccess: true, InstanceId: 'cri-1', InstanceName: 'demo', InstanceStatus: 'STOPPED' })
const ABSENT = json(200, { IsSuccess: false, Code: 'INSTANCE_NOT_EXIST' })
const OTHER = json(200, { IsSuccess: true, Endpoints: [], LinkedVpcs: [] })
const registry = { name: 'demo', edition: 'enterprise', instanceId: 'cri-1', region: 'cn-hangzhou' } as const

// GetInstance returns no region, unlike ListInstance (model GetInstanceResponseBody of
// @alicloud/cr20181201 2.2.2;
// https://www.alibabacloud.com/help/en/acr/developer-reference/api-cr-2018-12-01-getinstance).
for (const [where, replies, expected] of [
  ['in its region', [KNOWN, OTHER, OTHER], ['INSTANCE_NOT_RUNNING --region cn-hangzhou']],
  [
    'in the region of the cluster',
    [ABSENT, KNOWN, OTHER, OTHER],
    ['INSTANCE_ELSEWHERE --region cn-beijing', 'INSTANCE_NOT_RUNNING --region cn-beijing'],
  ],
  ['nowhere', [ABSENT, ABSENT], ['INSTANCE_NOT_FOUND --region cn-hangzhou']],
] as const) {
  test(`an instance that is found ${where} is reported with the region whose API returns the instance`, async () => {
    const { transport, sent } = scripted(replies)
    const credentials = { name: '', sharedSession: false, get: async () => KEY, fresh: async () => KEY }
    const sources = { transport, endpoints: createEndpoints(), credentials, onProgress: () => {} }
    const reader = createCloudReader(sources, new AbortController().signal)
    const facts = await readInstance(reader, registry as Parameters<typeof readInstance>[1], 'cn-beijing')
    const cloud = {
      caller: '',
      accountId: '1',
      workerRoles: [],
      issuers: [],
      roles: new Map(),
      oidcProvider: undefined,
    }
    const place = {
      clusterId: 'c1',
      accountId: '1',
      region: 'cn-beijing',
      vpcId: undefined,
      vswitchId: undefined,
      key: '',
    }
    const observed = fixture({
      config: { registries: [registry] },
      cloud: { state: 'looked', facts: { ...cloud, place, instances: new Map([['demo', facts]]) }, notes: [] },
    })
    const found = cloudInstanceFindings(observed).filter(({ id }) => id.startsWith('INSTANCE_'))
    assert.deepEqual(
      found.map(({ id, command }) => `${id} ${/--region \S+/.exec(command ?? '')?.[0]}`),
      expected,
    )
    assert.equal(sent.length, replies.length)
  })
}
