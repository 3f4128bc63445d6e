import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeReport, renderReport } from '../../src/cli/doctor/report.ts'
import { paintFor } from '../../src/cli/program/terminal.ts'
import { diagnose } from '../../src/doctor/diagnose.ts'
import { type Row, testFindings } from './finding-table.ts'
import { account, admission, fixture, limitedEntry, limitedRegistry, NOW, namespace, secret } from './fixture.ts'

const shopOnly = (change: Parameters<typeof secret>[0]): ReadonlyMap<string, ReturnType<typeof secret>> =>
  new Map([
    ['acr-nopass', secret()],
    ['shop', secret(change)],
  ])

const ROWS: readonly Row[] = [
  {
    title: 'a namespace without its Secret; namespaces that are not targets do not count',
    observed: fixture({
      namespaces: [
        namespace('shop'),
        namespace('kube-system'),
        namespace('going', { terminating: true }),
        namespace('out', { optedOut: true }),
      ],
      secrets: new Map(),
    }),
    finds: [['error', 'SECRET_MISSING', 'namespace shop']],
  },
  {
    title: "another client's Secret",
    observed: fixture({ secrets: shopOnly({ ours: false }) }),
    finds: [['error', 'SECRET_FOREIGN', 'namespace shop']],
    message: /get secret acr-nopass -o jsonpath/,
  },
  {
    title: "another client's Secret that the helper may take over, and did not",
    observed: fixture({ config: { adopt: true }, secrets: shopOnly({ ours: false }) }),
    finds: [['warning', 'SECRET_FOREIGN', 'namespace shop']],
    message: /\[\*\]\.manager/,
    healthy: null,
  },
  {
    title: 'a Secret that was changed',
    observed: fixture({ secrets: shopOnly({ intact: false }) }),
    finds: [['warning', 'SECRET_CHANGED', 'namespace shop']],
    healthy: null,
  },
  {
    title: 'P14 a Secret without the time at which it expires, which the helper always writes',
    observed: fixture({ secrets: shopOnly({ expiresAt: undefined }) }),
    finds: [['warning', 'SECRET_CHANGED', 'namespace shop']],
    message: /annotation acr-nopass\.io\/expires-at/,
    healthy: null,
  },
  {
    title: 'a Secret of which no credential expires',
    observed: fixture({ secrets: shopOnly({ expiresAt: null }) }),
    finds: [],
    healthy: true,
  },
  {
    title: 'a Secret with an expired credential',
    observed: fixture({ secrets: shopOnly({ expiresAt: NOW }) }),
    finds: [['error', 'SECRET_EXPIRED', 'namespace shop']],
    message: /acr-nopass refresh/,
  },
  {
    title: 'a Secret that lacks a registry',
    observed: fixture({ secrets: shopOnly({ registries: [] }) }),
    finds: [['warning', 'SECRET_INCOMPLETE', 'namespace shop']],
    healthy: null,
  },
  {
    title: 'a Secret that lacks a limited entry of its namespace, which no credential of the helper has yet',
    observed: fixture({
      config: { registries: [limitedEntry('base', ['shop']), limitedEntry('team-b', ['bank'])] },
      registries: [limitedRegistry(['base'], 'base')],
      namespaces: ['acr-nopass', 'shop', 'bank'].map((name) => namespace(name)),
      secrets: new Map(['acr-nopass', 'shop', 'bank'].map((name) => [name, secret({ registries: ['base'] })])),
    }),
    finds: [['warning', 'SECRET_INCOMPLETE', 'namespace bank']],
    says: 'the pull secret lacks a registry that targets its namespace: bank',
    healthy: null,
  },
  {
    title: 'the own Secret of the helper lacks an entry that has a credential',
    observed: fixture({
      config: { registries: [limitedEntry('base', ['shop']), limitedEntry('team-b', ['bank'])] },
      registries: [limitedRegistry(['base'], 'base')],
      namespaces: ['acr-nopass', 'shop'].map((name) => namespace(name)),
      secrets: new Map([
        ['acr-nopass', secret({ registries: [] })],
        ['shop', secret({ registries: ['base'] })],
      ]),
    }),
    finds: [['warning', 'SECRET_INCOMPLETE', 'namespace acr-nopass']],
    healthy: null,
  },
  {
    title: 'a Secret that is missing is missing, also where the helper may take over the Secret of another client',
    observed: fixture({ config: { adopt: true }, secrets: new Map([['acr-nopass', secret()]]) }),
    finds: [['error', 'SECRET_MISSING', 'namespace shop']],
    says: 'no pull secret: shop',
    healthy: false,
  },
  {
    title:
      'a ServiceAccount without the reference; opted-out ServiceAccounts and those that are not targets do not count',
    observed: fixture({
      accounts: [
        account('shop', 'web', { list: ['other'] }),
        account('shop', 'out', { list: [], optedOut: true }),
        account('kube-system', 'default', { list: [] }),
      ],
    }),
    finds: [['error', 'ACCOUNT_UNATTACHED', '1 ServiceAccount']],
  },
  {
    title: 'a ServiceAccount whose list another tool applies',
    observed: fixture({
      accounts: [account('shop', 'web', { list: ['x'], owner: { manager: 'argocd', operation: 'Apply' } })],
    }),
    finds: [['error', 'ACCOUNT_FOREIGN', '1 ServiceAccount']],
    message: /"argocd"[\s\S]*\{name: acr-nopass\}/,
  },
  {
    title:
      'with attach: both, a ServiceAccount whose list another tool applies is fine where the policy gives its Pods the reference',
    observed: fixture({
      config: { attach: 'both' },
      admission: admission({
        tried: new Map([
          ['acr-nopass', 'referenced'],
          ['shop', 'referenced'],
        ]),
      }),
      accounts: [account('shop', 'web', { list: ['x'], owner: { manager: 'argocd', operation: 'Apply' } })],
    }),
    finds: [['info', 'ACCOUNT_FOREIGN', '1 ServiceAccount']],
    message: /Nothing to do/,
  },
  {
    title: 'with attach: both, a ServiceAccount whose list another tool applies is an error if no Pod could be tried',
    observed: fixture({
      config: { attach: 'both' },
      admission: admission({ tried: new Map([['acr-nopass', 'referenced']]) }),
      accounts: [account('shop', 'web', { list: ['x'], owner: { manager: 'argocd', operation: 'Apply' } })],
    }),
    finds: [['error', 'ACCOUNT_FOREIGN', '1 ServiceAccount']],
  },
  {
    title: 'a Secret of another owner, where the helper rightly attaches nothing, is reported once',
    observed: fixture({
      secrets: new Map([
        ['acr-nopass', secret()],
        ['shop', secret({ ours: false })],
      ]),
      accounts: [account('shop', 'web', { list: [] })],
    }),
    finds: [['error', 'SECRET_FOREIGN', 'namespace shop']],
  },
  {
    title: 'the admission policy was deleted',
    observed: fixture({ config: { attach: 'admission' }, admission: admission({ bound: [] }) }),
    finds: [
      ['error', 'POLICY_MISSING', 'MutatingAdmissionPolicy acr-nopass.acr-nopass.acr-nopass'],
      ['warning', 'GUARD_MISSING', 'ValidatingAdmissionPolicy acr-nopass.acr-nopass.acr-nopass.secrets'],
    ],
  },
  {
    title: 'objects that doctor has no permission to read cause no finding',
    observed: fixture({
      config: { attach: 'admission' },
      deployment: undefined,
      lease: undefined,
      namespaces: undefined,
      secrets: undefined,
      accounts: undefined,
      pods: undefined,
      admission: undefined,
      missingRights: [],
      unread: [{ what: 'Pods of all namespaces', why: 'no' }],
    }),
    finds: [],
  },
]

testFindings(ROWS)

test('doctor: worse findings come first, many objects are one finding', () => {
  const many = Array.from({ length: 12 }, (_, index) => namespace(`team-${index}`))
  const findings = diagnose(fixture({ namespaces: many, secrets: new Map(), deployment: { wanted: 2, available: 1 } }))
  assert.deepEqual(
    findings.map(({ id, subject }) => [id, subject]),
    [
      ['SECRET_MISSING', '12 namespaces'],
      ['HELPER_DEGRADED', 'helper acr-nopass/acr-nopass'],
    ],
  )
  assert.equal(findings[0]?.message, 'no pull secret: team-0, team-1, team-2, team-3, team-4 and 7 more')
  assert.equal(findings[0]?.objects?.length, 12)
})

const plain = paintFor({ isTTY: false, write: () => true }, { env: {} })

/** A caller with few permissions must not get a report that everything is healthy. */
const VERDICTS = [
  { unread: [], change: {}, healthy: true, verdict: /\nall is well\n$/ },
  { unread: ['Pods'], change: {}, healthy: null, verdict: /\nnothing wrong in what could be read\n$/ },
  { unread: ['Pods'], change: { lease: null }, healthy: false, verdict: /\n1 error, 0 warnings\n$/ },
  {
    unread: ['Pods'],
    change: { addons: ['aliyun-acr-credential-helper'] },
    healthy: null,
    verdict: /\nno error in what could be read, 1 warning\n$/,
  },
] as const

for (const { unread, change, healthy, verdict } of VERDICTS) {
  test(`doctor: with ${unread.length} lists unread and ${Object.keys(change).join() || 'no defect'}, healthy is ${healthy}`, () => {
    const observed = fixture({ ...change, unread: unread.map((what) => ({ what, why: 'forbidden' })) })
    const findings = diagnose(observed)
    assert.equal((describeReport(observed, findings) as { healthy: unknown }).healthy, healthy)
    assert.match(renderReport(observed, findings, plain), verdict)
  })
}
