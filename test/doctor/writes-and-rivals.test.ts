import assert from 'node:assert/strict'
import { test } from 'node:test'
import { diagnose } from '../../src/doctor/diagnose.ts'
import type { ReleaseFacts } from '../../src/installation/find-release.ts'
import { type Row, testFindings } from './finding-table.ts'
import { failure, fixture, namespace, secret } from './fixture.ts'

const problem = (code: string, message: string, change: object = {}) => ({
  ...failure(code),
  namespace: 'shop',
  message,
  ...change,
})
const refused = (message: string, change: object = {}) => problem('WRITE_REFUSED', message, change)
const withProblems = (...problems: readonly ReturnType<typeof problem>[]) => fixture({ status: { problems } })

const WRITES: readonly Row[] = [
  {
    title: 'one problem with an object names the object and repeats the text of the helper',
    observed: withProblems(problem('LIST_CONFLICT', 'another writer', { object: 'ServiceAccount shop/web' })),
    finds: [['warning', 'LIST_CONFLICT', 'ServiceAccount shop/web']],
    says: 'another writer',
    message:
      /^Another writer and the helper keep changing the same list \(LIST_CONFLICT since [^)]+\)\.\nlet it\nkubectl -n shop get serviceaccounts -o yaml --show-managed-fields$/,
  },
  {
    title: 'the same problem in two namespaces is one finding that names the two namespaces',
    observed: withProblems(
      refused('webhooks say: admission webhook "w.example.com" denied the request'),
      refused('webhooks say: admission webhook "w.example.com" denied the request', { namespace: 'bank' }),
    ),
    finds: [['error', 'WEBHOOK_REFUSES', '2 namespaces']],
    says: 'the same in shop, bank: webhooks say: admission webhook "w.example.com" denied the request',
    message:
      /Exempt Secrets named acr-nopass [\s\S]*\nkubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations$/,
  },
  {
    title: 'a webhook that cannot be called',
    observed: withProblems(refused('Internal error occurred: failed calling webhook "w.example.com": timeout')),
    finds: [['error', 'WEBHOOK_REFUSES', 'namespace shop']],
    message: /^The admission webhook w\.example\.com rejects/,
  },
  {
    title: 'two webhooks are two findings',
    observed: withProblems(
      refused('admission webhook "a.example.com" denied the request'),
      refused('admission webhook "b.example.com" denied the request', { namespace: 'bank' }),
    ),
    finds: [
      ['error', 'WEBHOOK_REFUSES', 'namespace shop'],
      ['error', 'WEBHOOK_REFUSES', 'namespace bank'],
    ],
  },
  {
    title: 'quotas with the same name in two namespaces are one finding, although each message names its namespace',
    observed: withProblems(
      refused('forbidden: exceeded quota: small, requested: secrets=1'),
      refused('forbidden: exceeded quota: small, requested: secrets=1', { namespace: 'bank' }),
    ),
    finds: [['error', 'QUOTA_EXCEEDED', '2 namespaces']],
    message: /^ResourceQuota small of namespace shop leaves no room/,
  },
  {
    title: "a quota whose limits cannot be read from the message: the fix names Kubernetes' own",
    observed: withProblems(refused('forbidden: exceeded quota: small,')),
    finds: [['error', 'QUOTA_EXCEEDED', 'namespace shop']],
    message: /Raise `secrets` \(or `count\/secrets`\) of that quota/,
  },
  {
    title: 'a right that the helper lacks, by the refused write alone',
    observed: withProblems(refused('User "x" cannot create resource "secrets"')),
    finds: [['error', 'RIGHTS_MISSING', 'namespace shop']],
    message: /cannot create resource[\s\S]*recreate its roles and bindings[\s\S]*\nhelm -n acr-nopass get manifest /,
  },
  {
    title: 'the words of a refused write in another problem lead to no finding about rights',
    observed: withProblems(problem('LEASE_LOST', 'User "x" cannot patch resource "leases"')),
    finds: [['warning', 'HELPER_PROBLEM', 'namespace shop']],
  },
  {
    title: 'a write that the API server rejects, with its reason',
    observed: withProblems(refused('too long', { reason: 'Invalid' })),
    finds: [['error', 'WRITE_REFUSED', 'namespace shop']],
    message:
      /^The API server rejects the write \(Invalid\): too long\n[\s\S]*\nkubectl get validatingadmissionpolicies$/,
  },
  {
    title: 'a write that the API server rejects without a reason',
    observed: withProblems(refused('too long', { reason: undefined })),
    finds: [['error', 'WRITE_REFUSED', 'namespace shop']],
    message: /^The API server rejects the write: too long\n/,
  },
  {
    title: 'a Secret of ours that cannot be changed in place may be deleted',
    observed: withProblems(problem('SECRET_NEEDS_DELETE', 'immutable')),
    finds: [['error', 'SECRET_STUCK', 'namespace shop']],
    message:
      /The Secret is immutable, has another type[\s\S]*Delete that Secret; [\s\S]*\nkubectl -n shop delete secret acr-nopass$/,
  },
  {
    title: 'a Secret that may not be read is not known to be ours, so nothing deletes it',
    observed: fixture({ secrets: undefined, status: { problems: [problem('SECRET_NEEDS_DELETE', 'immutable')] } }),
    finds: [['error', 'SECRET_STUCK', 'namespace shop']],
    message: /Find the owner of that Secret[\s\S]*\nkubectl -n shop describe secret acr-nopass$/,
  },
  {
    title: 'a Secret that cannot be changed in place, while the configuration cannot be read: its name is not known',
    observed: fixture({
      release: { config: undefined, configError: 'no YAML.' },
      status: { problems: [problem('SECRET_NEEDS_DELETE', 'immutable')] },
    }),
    finds: [
      ['error', 'CONFIG_UNREADABLE', 'configuration acr-nopass/acr-nopass'],
      ['error', 'SECRET_STUCK', 'namespace shop'],
    ],
  },
  {
    title: 'a webhook that rejects, while the configuration cannot be read',
    observed: fixture({
      release: { config: undefined, configError: 'no YAML.' },
      status: { problems: [refused('admission webhook "w.example.com" denied the request')] },
    }),
    finds: [
      ['error', 'CONFIG_UNREADABLE', 'configuration acr-nopass/acr-nopass'],
      ['error', 'WEBHOOK_REFUSES', 'namespace shop'],
    ],
  },
  {
    title: 'a pull secret that two writers change',
    observed: withProblems(problem('SECRET_CONFLICT', 'x')),
    finds: [['warning', 'SECRET_CONFLICT', 'namespace shop']],
    message:
      /^Another writer and the helper keep changing the same Secret \(SECRET_CONFLICT since [^)]+\); the helper restores it/,
  },
  {
    title: 'a log of credentials that cannot be written',
    observed: withProblems(problem('LOG_UNWRITABLE', 'x')),
    finds: [['warning', 'LOG_UNWRITABLE', 'namespace shop']],
    message: /^The helper's own copy of its credentials is behind \(LOG_UNWRITABLE since [^)]+\): a new leader would/,
  },
  {
    title: 'a listed namespace without the Role of the helper',
    observed: withProblems(problem('NAMESPACE_UNREADABLE', 'x')),
    finds: [['warning', 'NAMESPACE_UNREADABLE', 'namespace shop']],
    message: /^A namespace of targets\.namespaces\.include, .* does not exist \(NAMESPACE_UNREADABLE since /,
  },
  {
    title: 'another problem of the helper, with its reason',
    observed: withProblems(problem('LEASE_LOST', 'x', { reason: 'Conflict' })),
    finds: [['warning', 'HELPER_PROBLEM', 'namespace shop']],
    message: /^The helper reported LEASE_LOST \(Conflict\) at [^\n]+\.\nlet it\nkubectl -n acr-nopass logs /,
  },
  {
    title: 'another problem of the helper, without a reason and a namespace',
    observed: withProblems(problem('LEASE_LOST', 'x', { reason: undefined, namespace: undefined })),
    finds: [['warning', 'HELPER_PROBLEM', 'helper']],
    message: /^The helper reported LEASE_LOST at /,
  },
  ...['FOREIGN_SECRET', 'FOREIGN_LIST', 'PULL_SECRET_MISSING'].map(
    (code): Row => ({
      title: `${code}, which doctor sees itself, is not reported twice`,
      observed: withProblems(problem(code, 'x')),
      finds: [],
    }),
  ),
]

/** Another release with the same configuration, except for the given keys. */
function other(config: Readonly<Record<string, unknown>> = {}, change: Partial<ReleaseFacts> = {}): ReleaseFacts {
  const { release } = fixture({ config })
  if (release === undefined) throw new Error('a release')
  return { ...release, namespace: 'b', name: 'two', ...change }
}
const forged = other({}, { namespace: 'aaa', config: undefined, evidence: 'missing', why: 'nothing proves it' })
const LABELS = 'ConfigMaps have the labels of aaa/two, but may not belong to a release of acr-nopass'

const RIVALS: readonly Row[] = [
  {
    title: 'another release with the same pull secrets',
    observed: fixture({ others: [other()] }),
    finds: [['warning', 'RIVAL_RELEASE', '1 other release']],
    says: 'acr-nopass is also installed here as b/two',
    message: /\nacr-nopass doctor --namespace b --release two$/,
  },
  {
    title: 'what a tenant labels as a release',
    observed: fixture({ others: [forged] }),
    finds: [['info', 'RIVAL_RELEASE', '1 unverified release']],
    says: LABELS,
    message: /\nkubectl get configmaps --namespace aaa -l app\.kubernetes\.io\/name=acr-nopass$/,
    healthy: true,
  },
  {
    title:
      'one of two other releases may not be verified, so it is unknown whether that release writes the same Secrets',
    observed: fixture({ others: [forged, { ...forged, name: 'three', evidence: 'unknown' }] }),
    finds: [['info', 'RIVAL_RELEASE', '2 unverified releases']],
    healthy: null,
  },
  {
    title: 'another release whose configuration cannot be read may write the same Secrets',
    observed: fixture({ others: [other({}, { config: undefined })] }),
    finds: [['warning', 'RIVAL_RELEASE', '1 other release']],
  },
  {
    title: 'another release, while the namespaces may not be read, may write the same Secrets',
    observed: fixture({
      namespaces: undefined,
      others: [other({ targets: { namespaces: { include: ['elsewhere-*'] } } })],
    }),
    finds: [['warning', 'RIVAL_RELEASE', '1 other release']],
  },
  {
    title: 'two releases with targets of their own share no namespace',
    observed: fixture({
      config: { targets: { namespaces: { include: ['shop'] } } },
      secrets: new Map([['shop', secret()]]),
      namespaces: [namespace('shop'), namespace('bank')],
      others: [other({ targets: { namespaces: { include: ['bank'] } } })],
    }),
    finds: [],
  },
  {
    title: 'only objects that a tenant labelled as a release: the finding says why they prove nothing',
    observed: fixture({ release: null, others: [forged] }),
    finds: [['error', 'NOT_INSTALLED', 'release']],
    says: LABELS,
    message: /may set these labels; nothing proves it\.[\s\S]*\nkubectl get configmaps --namespace aaa -l /,
  },
  {
    title: 'releases with other names than the given ones are listed',
    observed: fixture({ release: null, others: [forged, other()] }),
    finds: [['error', 'NOT_INSTALLED', 'release']],
    says: 'no release of acr-nopass was found',
    message: /No release has the names that you passed; installed here: b\/two\./,
  },
  {
    title: "the vendor's add-on without a release",
    observed: fixture({ release: null, addons: ['aliyun-acr-credential-helper'] }),
    finds: [
      ['error', 'NOT_INSTALLED', 'release'],
      ['warning', 'RIVAL_ADDON', 'add-on aliyun-acr-credential-helper'],
    ],
  },
]

testFindings([...WRITES, ...RIVALS])

test('a finding about refused writes lists the namespaces that it is about, if it is about namespaces', () => {
  const objectsOf = (...problems: readonly ReturnType<typeof problem>[]) =>
    diagnose(withProblems(...problems)).map(({ objects }) => objects)
  assert.deepEqual(objectsOf(refused('too long'), refused('too long', { namespace: 'bank' })), [['shop', 'bank']])
  assert.deepEqual(objectsOf(problem('LEASE_LOST', 'x', { namespace: undefined })), [undefined])
})
