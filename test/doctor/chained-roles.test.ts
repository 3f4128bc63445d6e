import type { RoleFacts } from '../../src/doctor/cloud/read-role.ts'
import type { Observed } from '../../src/doctor/observed.ts'
import type { Statement } from '../../src/policy/normal-form.ts'
import { allow, ECS, instance, observeCloud, role, text } from './cloud-fixture.ts'
import { type Row, testFindings } from './finding-table.ts'
import { registry, secret } from './fixture.ts'

const NODES = 'acs:ram::1:role/nodes'
const FIRST = 'acs:ram::10002:role/First'
const LAST = 'acs:ram::10003:role/last'
const firstRole = 'role First of account 10002'
const lastRole = 'role last of account 10003'

const trusting = (caller: string, externalId?: string): Statement => ({
  Effect: 'Allow',
  Action: 'sts:AssumeRole',
  Principal: { RAM: [caller] },
  ...(externalId && { Condition: { StringEquals: { 'sts:ExternalId': externalId } } }),
})
const facts = (name: string, trust: Statement, ...rights: readonly Statement[]): RoleFacts =>
  role({
    role: { name, description: '', trust: text(trust), ours: false },
    attached: [{ name: 'p', custom: true, document: text(...rights) }],
  })

const demo = { name: 'demo', edition: 'enterprise', instanceId: 'cri-abc123', region: 'cn-hangzhou' }
const chain = [{ roleArn: FIRST }, { roleArn: LAST }]

interface Scene {
  readonly first?: RoleFacts
  readonly last?: RoleFacts
  readonly nodes?: RoleFacts
  readonly workerRoles?: readonly string[]
  readonly registries?: readonly object[]
  readonly identity?: object
}

/** The nodes may assume the first role, which may assume the last, which may pull. */
function observe(scene: Scene = {}): Observed {
  const {
    nodes = facts('nodes', ECS, allow('sts:AssumeRole', FIRST)),
    first = facts('First', trusting(NODES), allow('sts:AssumeRole', LAST)),
    last = facts('last', trusting(FIRST), allow('cr:*')),
    workerRoles = ['nodes'],
    registries = [{ ...demo, assumeRole: chain }],
    identity = { type: 'worker-role' },
  } = scene
  const roles = new Map([
    [NODES, nodes],
    ['acs:ram::1:role/more', nodes],
    [FIRST.toLowerCase(), first],
    [LAST, last],
  ])
  const names = registries.map((one) => (one as typeof demo).name)
  return observeCloud({
    facts: { roles, workerRoles, instances: new Map(names.map((name) => [name, instance()])) },
    fixture: {
      config: { registries, identity },
      registries: names.map((name) => registry({ name })),
      secrets: new Map(['acr-nopass', 'shop'].map((name) => [name, secret({ registries: names })])),
    },
  })
}

const KEY = { type: 'access-key', accessKey: { existingSecret: 'ram-key' } }

const ROWS: readonly Row[] = [
  {
    title: 'each role of a chain trusts the one before it, and may what the next step needs',
    observed: observe(),
    finds: [],
  },
  {
    title: 'the last role of a chain does not exist',
    observed: observe({ last: role({ role: null }) }),
    finds: [['error', 'ROLE_MISSING', lastRole]],
    says: 'it does not exist, but is the role of registry demo',
    message: /\naliyun ram CreateRole --RoleName last --AssumeRolePolicyDocument '[^']*acs:ram::10002:role\/first"/,
  },
  {
    title: 'the first role of a chain does not trust the identity of the helper',
    observed: observe({ first: facts('First', trusting('acs:ram::1:role/else'), allow('sts:AssumeRole', LAST)) }),
    finds: [['error', 'ROLE_TRUST_DIFFERS', firstRole]],
    says: "its trust policy does not allow the helper's identity to assume it",
    message: /^it does not name acs:ram::1:role\/nodes \(it names acs:ram::1:role\/else\)\./,
  },
  {
    title: 'a chain whose first role trusts only one of two roles of nodes',
    observed: observe({ workerRoles: ['nodes', 'more'] }),
    finds: [['error', 'ROLE_TRUST_DIFFERS', firstRole]],
    message: /^it does not name acs:ram::1:role\/more /,
  },
  {
    title: 'the first role of a chain may pull, but not assume the last',
    observed: observe({ first: facts('First', trusting(NODES), allow('cr:*')) }),
    finds: [['error', 'ROLE_RIGHTS_MISSING', firstRole]],
    says: `the role of registry demo lacks permission for sts:AssumeRole on ${LAST}`,
  },
  {
    title: 'the last role of a chain may not pull',
    observed: observe({ last: facts('last', trusting(FIRST), allow('sts:AssumeRole', LAST)) }),
    finds: [['error', 'ROLE_RIGHTS_MISSING', lastRole]],
  },
  {
    title: 'the identity of the helper may pull, but not assume the first role of the chain',
    observed: observe({ nodes: facts('nodes', ECS, allow('cr:*')) }),
    finds: [['error', 'ROLE_RIGHTS_MISSING', 'role nodes of account 1']],
  },
  {
    title: 'a role that needs the external id of the values, and accepts callers without it',
    observed: observe({
      registries: [{ ...demo, assumeRole: [{ roleArn: FIRST }, { roleArn: LAST, externalId: 'e1' }] }],
    }),
    finds: [['warning', 'ROLE_TRUST_WIDE', lastRole]],
    says: 'its trust policy also allows callers without the external id',
    message: /^Other callers can pull whatever the helper can: [^\n]+ are wider than the helper's identity\./,
  },
  {
    title: 'a role of two registries is named with both, and with no registry that does not use it',
    observed: observe({
      last: role({ role: null }),
      registries: [
        { ...demo, assumeRole: chain },
        { ...demo, name: 'other', instanceId: 'cri-def456', assumeRole: chain },
        { ...demo, name: 'near', instanceId: 'cri-def789', assumeRole: [{ roleArn: FIRST }] },
      ],
      first: facts('First', trusting(NODES), allow('sts:AssumeRole', LAST), allow('cr:*')),
    }),
    finds: [['error', 'ROLE_MISSING', lastRole]],
    says: 'it does not exist, but is the role of registry demo, registry other',
  },
  {
    title: 'who must be trusted by the first role is not known for an access key, but by the last role it is',
    observed: observe({
      identity: KEY,
      first: facts('First', trusting('acs:ram::1:user/helper'), allow('sts:AssumeRole', LAST)),
      last: facts('last', trusting('acs:ram::1:user/helper'), allow('cr:*')),
    }),
    finds: [['error', 'ROLE_TRUST_DIFFERS', lastRole]],
    message: /^it does not name acs:ram::10002:role\/first /,
  },
  {
    title: 'an access key has no role of its own, so the roles of the nodes are not judged',
    observed: observe({ identity: KEY, nodes: role({ role: null }), registries: [demo] }),
    finds: [],
  },
  {
    title: 'without its trust policy a missing role is not made by a command: the documents are printed',
    observed: observe({ identity: KEY, first: role({ role: null }) }),
    finds: [['error', 'ROLE_MISSING', firstRole]],
    message: /\nacr-nopass policy -f values\.yaml$/,
  },
  {
    title: 'a helper that is off uses no role of a chain',
    observed: ((): Observed => {
      const on = observe({ last: role({ role: null }) })
      const { release } = on
      return release?.config === undefined
        ? on
        : {
            ...on,
            deployment: null,
            release: { ...release, config: { ...release.config, helper: { enabled: false }, retire: true } },
          }
    })(),
    finds: [['warning', 'HELPER_OFF', 'helper acr-nopass/acr-nopass']],
  },
]

testFindings(ROWS)
