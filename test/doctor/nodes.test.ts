import assert from 'node:assert/strict'
import { test } from 'node:test'
import { diagnose } from '../../src/doctor/diagnose.ts'
import type { NodeFailure, Observed, PluginFacts, PluginNode } from '../../src/doctor/observed.ts'
import { testFindings } from './finding-table.ts'
import { account, fixture, HOST, IMAGE, stuckPod } from './fixture.ts'

const node = (name: string, change: Partial<PluginNode> = {}): PluginNode => ({
  name,
  version: 'v1.37.2',
  pool: 'workers',
  config: 'ours',
  identity: 'worker-role',
  calls: 5,
  errors: 0,
  ...change,
})
const bare = (name: string, change: Partial<PluginNode> = {}): PluginNode => {
  const { identity: _, ...rest } = node(name, { config: 'none', calls: 0, ...change })
  return rest
}

/** The nodes of a cluster whose helper was retired. */
function observed(
  nodes: readonly PluginNode[],
  change: Partial<PluginFacts> = {},
  more: Parameters<typeof fixture>[0] = {},
): Observed {
  const plugins = {
    nodes,
    more: 0,
    matchImages: ['*.cn-hangzhou.cr.aliyuncs.com'],
    grantsTokens: false,
    mayRequestTokens: undefined,
    ...change,
  }
  return fixture({ plugins, config: { retire: true }, status: { retired: true }, ...more })
}

const RETIRED = ['info', 'RETIRING', 'configuration acr-nopass/acr-nopass'] as const
const failed = (failure: NodeFailure, identity: PluginNode['identity'] = 'worker-role') =>
  node('n1', { errors: 2, identity, failures: [failure] })

testFindings([
  {
    title: 'nodes without the program, in a cluster that does not use it, are not reported',
    observed: observed([bare('n1'), bare('n2')]),
    finds: [RETIRED],
  },
  {
    title: 'every node has the configuration for the registries',
    observed: observed([node('n1'), node('n2')]),
    finds: [RETIRED],
  },
  {
    title: 'one node of a pool has lost its flags',
    observed: observed([node('n1'), bare('n2')]),
    finds: [['warning', 'NODE_WITHOUT_PLUGIN', 'node n2'], RETIRED],
    says: 'the kubelet has no configuration for image credentials: n2',
    message: /Other nodes of the same pool[\s\S]*ACK console[\s\S]*acr-nopass node script/,
  },
  {
    title: 'a pool that does not use the program is not reported, nor is a virtual node',
    observed: observed([node('n1'), bare('n2', { pool: 'np2' }), bare('eci', { isVirtual: true })]),
    finds: [RETIRED],
  },
  {
    title: 'only nodes without a configuration have lost it, not those with another one or that were not read',
    observed: observed([
      node('n1'),
      node('n2', { config: 'other' }),
      bare('n3', { config: undefined }),
      bare('n4'),
      bare('n5'),
    ]),
    finds: [['warning', 'NODE_WITHOUT_PLUGIN', '2 nodes'], RETIRED, ['info', 'NODE_OTHER_CONFIG', 'node n2']],
    says: 'the kubelet has no configuration for image credentials: n4, n5',
    message: /\nkubectl get --raw \/api\/v1\/nodes\/n4\/proxy\/configz$/,
  },
  {
    title: 'a kubelet that called the program shows that its pool uses it, whatever its configuration',
    observed: observed([node('n1', { config: undefined }), bare('n2')]),
    finds: [['warning', 'NODE_WITHOUT_PLUGIN', 'node n2'], RETIRED],
  },
  {
    title: 'the chart lets nodes request tokens: nodes that were not read may have the program',
    observed: observed([bare('n1')], { grantsTokens: true, more: 1 }),
    finds: [RETIRED],
  },
  {
    title: 'the chart lets nodes request tokens: a kubelet that may not be read may have the program',
    observed: observed([bare('n1'), bare('n2', { config: undefined, pool: 'np2' })], { grantsTokens: true }),
    finds: [RETIRED],
  },
  {
    title: 'the chart lets nodes request tokens, and no node has the program',
    observed: observed([bare('n1'), bare('n2')], { grantsTokens: true }),
    finds: [['warning', 'NODE_WITHOUT_PLUGIN', '2 nodes'], RETIRED],
    message: /no kubelet was started with the two flags\.\nRun the script of `acr-nopass node script`/,
  },
  {
    title: 'a merged configuration whose kubelet calls the program is good to know',
    observed: observed([node('n1'), node('n2', { config: 'other' })]),
    finds: [RETIRED, ['info', 'NODE_OTHER_CONFIG', 'node n2']],
    healthy: true,
  },
  {
    title: 'another configuration whose kubelet never called the program may lack it',
    observed: observed([node('n1'), node('n2', { config: 'other', calls: 0 })]),
    finds: [['warning', 'NODE_OTHER_CONFIG', 'node n2'], RETIRED],
    message: /has not called the program/,
    healthy: null,
  },
  {
    title: 'other configurations are told apart by whether their kubelets call the program',
    observed: observed([
      node('n1', { config: 'other', calls: 1 }),
      node('n2', { config: 'other', calls: 0 }),
      node('n3', { config: 'other', calls: 0 }),
    ]),
    finds: [['warning', 'NODE_OTHER_CONFIG', '2 nodes'], RETIRED, ['info', 'NODE_OTHER_CONFIG', 'node n1']],
    says: "the kubelet has another configuration than the release's registries give: n2, n3",
    healthy: null,
  },
  {
    title: 'a kubelet that does not report may have lost the program',
    observed: observed([node('n1'), bare('n2', { config: undefined, isSilent: true })]),
    finds: [['warning', 'NODE_SILENT', 'node n2'], RETIRED],
    says: 'the kubelet does not report: n2',
    message: /Failed to register CRI auth plugins[\s\S]*\nkubectl describe node n2$/,
    healthy: null,
  },
  {
    title: 'the program was removed under a running kubelet',
    observed: observed([failed({ kind: 'program', message: 'fork/exec /opt/x: no such file or directory' })]),
    finds: [['warning', 'NODE_PROGRAM_MISSING', 'node n1'], RETIRED],
    message: /no such file or directory[\s\S]*will not start[\s\S]*script for nodes/,
    healthy: false,
  },
  {
    title: 'the metadata service refuses the node',
    observed: observed([
      failed({ kind: 'IDENTITY_UNAVAILABLE', message: 'worker-role: the instance has no RAM role', pod: 'shop/web' }),
    ]),
    finds: [['warning', 'NODE_LOGIN_FAILED', 'node n1'], RETIRED],
    says: 'the program got no login for shop/web: IDENTITY_UNAVAILABLE',
    message: /the instance has no RAM role/,
  },
  {
    title: 'the metadata service throttles the node',
    observed: observed([
      failed({
        kind: 'IDENTITY_UNAVAILABLE',
        message: 'worker-role: instance metadata returned no token (HTTP 429)',
        fix: 'Wait.',
      }),
    ]),
    finds: [['warning', 'NODE_LOGIN_FAILED', 'node n1'], RETIRED],
    message: /HTTP 429[\s\S]*Wait\./,
  },
  {
    title: 'the program failed in a way that doctor does not know',
    observed: observed([failed({ kind: 'other', message: 'signal: killed' })]),
    finds: [['warning', 'NODE_LOGIN_FAILED', 'node n1'], RETIRED],
    message: /signal: killed/,
  },
  {
    title: 'most calls fail, and the log of the kubelet is not readable',
    observed: observed([node('n1', { errors: 3 })]),
    finds: [['warning', 'NODE_LOGIN_FAILED', 'node n1'], RETIRED],
    says: 'the program failed in 3 of 5 calls since the kubelet started',
    message: /enableSystemLogQuery[\s\S]*journalctl/,
    healthy: null,
  },
  {
    title: 'half of the calls fail, and the log of the kubelet is not readable',
    observed: observed([node('n1', { errors: 2, calls: 4 })]),
    finds: [['warning', 'NODE_LOGIN_FAILED', 'node n1'], RETIRED],
    healthy: null,
  },
  {
    title: 'some calls failed once, and the log of the kubelet is not readable',
    observed: observed([node('n1', { errors: 1, calls: 90 })]),
    finds: [RETIRED, ['info', 'NODE_LOGIN_FAILED', 'node n1']],
    healthy: true,
  },
  {
    title: 'failures that the log of the last hour does not have are over',
    observed: observed([node('n1', { errors: 3, failures: [] })]),
    finds: [RETIRED],
  },
  {
    title: 'nodes may not request tokens for STS, because the values list no ServiceAccount',
    observed: observed([node('n1', { identity: 'service-account' }), node('n2')], { mayRequestTokens: false }),
    finds: [['error', 'NODE_AUDIENCE_DENIED', 'node n1'], RETIRED],
    says: 'kubelets may not request tokens of ServiceAccounts for sts.aliyuncs.com',
    message: /no Event names the cause[\s\S]*`node.serviceAccounts` is empty[\s\S]*system:nodes/,
  },
  {
    title: 'somebody removed the ClusterRole for the tokens',
    observed: observed([node('n1', { identity: 'service-account' })], { mayRequestTokens: false, grantsTokens: true }),
    finds: [['error', 'NODE_AUDIENCE_DENIED', 'node n1'], RETIRED],
    message: /was changed/,
  },
  {
    title: 'a kubelet is too old for the roles of ServiceAccounts',
    observed: observed(
      [node('n1'), ...['n2', 'n3'].map((name) => bare(name, { version: 'v1.33.4', config: undefined }))],
      { grantsTokens: true },
    ),
    finds: [['warning', 'NODE_KUBELET_OLD', '2 nodes'], RETIRED],
    says: 'the kubelet is too old for the roles of ServiceAccounts: n2, n3',
    message: /from Kubernetes 1\.34 on; these have v1\.33\.4\.\n/,
  },
  {
    title: 'an old kubelet is fine where no role of a ServiceAccount is used',
    observed: observed([node('n1', { version: 'v1.33.4' })], { grantsTokens: false }),
    finds: [RETIRED],
  },
  {
    title: 'the first kubelets that pass tokens of ServiceAccounts are not too old',
    observed: observed([node('n1', { version: 'v1.34.0' })], { grantsTokens: true }),
    finds: [RETIRED],
  },
  {
    title: 'a refused token is no failure of the program, because it has a finding of its own',
    observed: observed([failed({ kind: 'audience', message: 'not allowed' })]),
    finds: [RETIRED],
  },
  {
    title: 'the clock of a node is minutes off',
    observed: observed([node('n1', { aheadMs: -400_000 }), node('n2', { aheadMs: 900 })]),
    finds: [['warning', 'CLOCK_SKEW', 'node n1'], RETIRED],
    says: "its clock is 400 s behind the API server's",
  },
  {
    title: 'a clock is reported from a minute on, and only where the program needs it',
    observed: observed([
      node('n1', { aheadMs: 60_001 }),
      node('n2', { aheadMs: 60_000 }),
      bare('n3', { aheadMs: 400_000, pool: 'np2' }),
    ]),
    finds: [['warning', 'CLOCK_SKEW', 'node n1'], RETIRED],
    says: "its clock is 60 s ahead of the API server's",
  },
  {
    title: 'Pods have the pull secret, and the node asks the program too',
    observed: observed([node('n1'), node('n2', { config: 'other' })], {}, { config: {} }),
    finds: [
      ['info', 'NODE_OTHER_CONFIG', 'node n2'],
      ['info', 'NODE_BOTH_WAYS', 'node n1'],
    ],
    healthy: true,
  },
  {
    title: 'without a readable configuration it is not known whether Pods have the pull secret',
    observed: observed([node('n1')], {}, { config: {}, release: { config: undefined, configError: 'no YAML.' } }),
    finds: [['error', 'CONFIG_UNREADABLE', 'configuration acr-nopass/acr-nopass']],
  },
])

test('each finding about nodes lists exactly the nodes that it is about', () => {
  const all = [
    node('ours', { identity: 'service-account', aheadMs: 90_000 }),
    bare('lost'),
    node('called', { config: 'other' }),
    node('never', { config: 'other', calls: 0 }),
    bare('silent', { config: undefined, isSilent: true }),
    node('old', { version: 'v1.30.0' }),
    bare('eci', { isVirtual: true, version: 'v1.20.0', isSilent: true }),
  ]
  const findings = diagnose(observed(all, { grantsTokens: true, mayRequestTokens: false }, { config: {} }))
  assert.deepEqual(Object.fromEntries(findings.map(({ id, severity, objects }) => [`${id} ${severity}`, objects])), {
    'NODE_AUDIENCE_DENIED error': ['ours'],
    'NODE_WITHOUT_PLUGIN warning': ['lost'],
    'NODE_OTHER_CONFIG warning': ['never'],
    'NODE_OTHER_CONFIG info': ['called'],
    'NODE_SILENT warning': ['silent'],
    'NODE_KUBELET_OLD warning': ['old'],
    'CLOCK_SKEW warning': ['ours'],
    'NODE_BOTH_WAYS info': ['ours', 'old'],
  })
})

/** A Pod without the pull secret, on node n1. */
const pod = (change: Parameters<typeof stuckPod>[0] = {}) =>
  stuckPod({ references: [], detail: 'insufficient_scope: authorization failed', ...change })
const running = pod({ containers: [{ name: 'app', image: IMAGE, running: true, pullPolicy: 'Always' }] })
const focusOn = (
  nodes: readonly PluginNode[],
  one: ReturnType<typeof pod>,
  facts: Partial<PluginFacts> = {},
  more: Parameters<typeof fixture>[0] = {},
): Observed =>
  observed(nodes, facts, {
    config: {},
    pods: [],
    focus: { pod: one, node: undefined, responses: new Map() },
    accounts: [account('shop')],
    ...more,
  })
const asks = node('n1', { identity: 'service-account' })

testFindings([
  {
    title: 'a running Pod without the pull secret was pulled by its node',
    observed: focusOn([node('n1')], running),
    finds: [],
  },
  {
    title: 'without the configuration for the registries, it is not known whether the node can pull again',
    observed: focusOn([node('n1', { config: 'other' })], running),
    finds: [['info', 'NODE_OTHER_CONFIG', 'node n1']],
  },
  {
    title: 'a Pod of a node without the program still needs the reference',
    observed: focusOn([bare('n1')], running, { grantsTokens: false }),
    finds: [['warning', 'POD_TOO_OLD', 'Pod shop/web-1']],
  },
  {
    title: 'an image that the kubelet does not ask the program for still needs the reference',
    observed: focusOn([node('n1')], running, { matchImages: [`${HOST}/other`] }),
    finds: [['warning', 'POD_TOO_OLD', 'Pod shop/web-1']],
  },
  {
    title: 'the role of the node may not pull the image',
    observed: focusOn([node('n1')], pod()),
    finds: [['error', 'POD_NODE_LOGIN', 'Pod shop/web-1']],
    message: /the role of the node lacks the permission/,
  },
  {
    title: 'a static Pod whose node has no right to pull',
    observed: focusOn([asks], pod({ isStatic: true })),
    finds: [['error', 'POD_NODE_LOGIN', 'Pod shop/web-1']],
    message: /the role of the node lacks/,
  },
  {
    title: 'the ServiceAccount of the Pod has no role',
    observed: focusOn([asks], pod(), { mayRequestTokens: true }),
    finds: [['error', 'POD_NODE_LOGIN', 'Pod shop/web-1']],
    message: /ServiceAccount default has no annotation acr-nopass\.io\/role-arn/,
  },
  {
    title: 'the role of the ServiceAccount may not pull the image',
    observed: focusOn([asks], pod(), {}, { accounts: [account('shop', 'default', { pullRole: 'acs:ram::1:role/a' })] }),
    finds: [['error', 'POD_NODE_LOGIN', 'Pod shop/web-1']],
    message: /the role of ServiceAccount default lacks/,
  },
  {
    title: "the kubelet's log names why a Pod got no login",
    observed: focusOn(
      [
        {
          ...asks,
          failures: [{ kind: 'IDENTITY_NOT_TRUSTED', message: 'the role a does not trust it', pod: 'shop/web-1' }],
        },
      ],
      pod(),
    ),
    finds: [
      ['error', 'POD_NODE_LOGIN', 'Pod shop/web-1'],
      ['warning', 'NODE_LOGIN_FAILED', 'node n1'],
    ],
    message: /IDENTITY_NOT_TRUSTED: the role a does not trust it/,
  },
  {
    title: 'without the name of a Pod, the log names why no Pod with this image got a login',
    observed: focusOn(
      [{ ...node('n1'), failures: [{ kind: 'NODE_TIMEOUT', message: 'slow', image: `${HOST}/team/app` }] }],
      pod(),
    ),
    finds: [
      ['error', 'POD_NODE_LOGIN', 'Pod shop/web-1'],
      ['warning', 'NODE_LOGIN_FAILED', 'node n1'],
    ],
    message: /NODE_TIMEOUT: slow/,
  },
  {
    title: 'a Pod fails because nodes may not request tokens: the cause comes first',
    observed: focusOn([asks], pod(), { mayRequestTokens: false }),
    finds: [
      ['error', 'NODE_AUDIENCE_DENIED', 'node n1'],
      ['error', 'POD_NODE_LOGIN', 'Pod shop/web-1'],
    ],
  },
  {
    title: 'a Pod with the pull secret is judged by its Secret, whatever its node does',
    observed: focusOn([node('n1')], pod({ references: ['acr-nopass'] }), {}, { secrets: new Map() }),
    finds: [
      ['error', 'SECRET_MISSING', '2 namespaces'],
      ['error', 'POD_WITHOUT_SECRET', 'Pod shop/web-1'],
    ],
  },
])

const OFF = { helper: { enabled: false }, retire: true }
const withoutHelper = { config: OFF, status: null, deployment: null, secrets: new Map(), accounts: [] }

testFindings([
  {
    title: 'without a helper, and with the program on every node, nothing is unknown',
    observed: observed([node('n1'), node('n2')], {}, withoutHelper),
    finds: [['info', 'HELPER_OFF', 'helper acr-nopass/acr-nopass']],
    healthy: true,
  },
  {
    title: 'without a helper, a Pod on a node without the program cannot pull',
    observed: focusOn([bare('n1')], pod(), {}, withoutHelper),
    finds: [
      ['error', 'POD_NODE_LOGIN', 'Pod shop/web-1'],
      ['warning', 'HELPER_OFF', 'helper acr-nopass/acr-nopass'],
    ],
    message: /the helper is off, and the kubelet of n1 has no configuration/,
  },
])
