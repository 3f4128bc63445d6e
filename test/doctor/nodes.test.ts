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
    message: /Other nodes of the same pool[\s\S]*ACK console[\s\S]*acr-nopass node script/,
  },
  {
    title: 'a pool that does not use the program is not reported, nor is a virtual node',
    observed: observed([node('n1'), bare('n2', { pool: 'np2' }), bare('eci', { isVirtual: true })]),
    finds: [RETIRED],
  },
  {
    title: 'the chart lets nodes request tokens, and no node has the program',
    observed: observed([bare('n1'), bare('n2')], { grantsTokens: true }),
    finds: [['warning', 'NODE_WITHOUT_PLUGIN', '2 nodes'], RETIRED],
    message: /no kubelet was started with the two flags/,
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
    title: 'a kubelet that does not report may have lost the program',
    observed: observed([node('n1'), bare('n2', { config: undefined, isSilent: true })]),
    finds: [['warning', 'NODE_SILENT', 'node n2'], RETIRED],
    message: /Failed to register CRI auth plugins/,
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
    observed: observed([node('n1', { identity: 'service-account' })], { mayRequestTokens: false }),
    finds: [['error', 'NODE_AUDIENCE_DENIED', 'node n1'], RETIRED],
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
    observed: observed([node('n1'), bare('n2', { version: 'v1.33.4', config: undefined })], { grantsTokens: true }),
    finds: [['warning', 'NODE_KUBELET_OLD', 'node n2'], RETIRED],
    message: /from Kubernetes 1\.34 on; these have v1\.33\.4/,
  },
  {
    title: 'the clock of a node is minutes off',
    observed: observed([node('n1', { aheadMs: -400_000 }), node('n2', { aheadMs: 900 })]),
    finds: [['warning', 'CLOCK_SKEW', 'node n1'], RETIRED],
    says: "its clock is 400 s behind the API server's",
  },
  {
    title: 'Pods have the pull secret, and the node asks the program too',
    observed: observed([node('n1')], {}, { config: {} }),
    finds: [['info', 'NODE_BOTH_WAYS', 'node n1']],
    healthy: true,
  },
])

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
