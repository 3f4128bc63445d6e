import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { describeReport, renderReport } from '../../src/cli/doctor/report.ts'
import { HELPER_NOT_READY } from '../../src/doctor/checks/helper-pods.ts'
import { groupConsequences } from '../../src/doctor/consequences.ts'
import { diagnose } from '../../src/doctor/diagnose.ts'
import { FINDING_IDS, type Finding, type FindingId, type Severity } from '../../src/doctor/finding.ts'
import type { Observed } from '../../src/doctor/observed.ts'
import { failure, fixture, HOST, NOW, registry, stuckPod } from './fixture.ts'

const PLAIN = { bold: String, dim: String, red: String, yellow: String, green: String }
const TEXTS = { subject: 's', message: 'm', cause: 'c', fix: 'f' }
const found = (id: FindingId, severity: Severity = 'error', objects?: readonly string[]): Finding => {
  return { id, severity, ...TEXTS, ...(objects && { objects }) }
}
const idsOf = (findings: readonly Finding[]) => findings.map(({ id, causedBy }) => [id, causedBy])

const wrongInstance = fixture({
  registries: [registry({ state: 'pending', domains: [], error: failure('CLOUD_NOT_FOUND') })],
  deployment: { wanted: 2, available: 0 },
  secrets: new Map(),
  accounts: [],
  pods: [stuckPod({ name: 'web-1' }), stuckPod({ name: 'job-1', owner: 'Job/job' })],
})

test('all consequences of a wrong instance are listed below the wrong instance', () => {
  const [first, ...rest] = diagnose(wrongInstance)
  assert.deepEqual([first?.id, first?.causedBy], ['INSTANCE_NOT_FOUND', undefined])
  assert.ok(rest.length >= 3)
  for (const { id, causedBy } of rest) assert.equal(causedBy, 'INSTANCE_NOT_FOUND', id)
})

test('the text shows the fix of the cause alone, and the JSON names the cause of each consequence', () => {
  const findings = diagnose(wrongInstance)
  const text = renderReport(wrongInstance, findings, PLAIN as never)
  assert.match(text, /\n\n {2}error HELPER_DOWN [^\n]+\n {4}likely follows from INSTANCE_NOT_FOUND: fix that first\n/)
  assert.equal(text.match(/^ {2}fix: /gm)?.length, 1)
  const { findings: json } = describeReport(wrongInstance, findings) as { readonly findings: readonly Finding[] }
  const down = json.find(({ id }) => id === 'HELPER_DOWN')
  assert.equal(down?.causedBy, 'INSTANCE_NOT_FOUND')
  assert.notEqual(down?.fix, '')
})

test('a helper whose Pods have a problem of their own does not follow from a registry', () => {
  const own = { ...found('HELPER_DOWN'), cause: 'Its image cannot be pulled.' }
  assert.deepEqual(idsOf(groupConsequences([found('RAM_DENIED'), own], wrongInstance)), [
    ['RAM_DENIED', undefined],
    ['HELPER_DOWN', undefined],
  ])
})

test('a missing Secret follows from a quota only in the namespaces of that quota', () => {
  const quota = found('QUOTA_EXCEEDED', 'error', ['shop'])
  const group = (...objects: readonly string[]) =>
    groupConsequences([found('SECRET_MISSING', 'error', objects), quota], fixture())
  assert.deepEqual(idsOf(group('shop')), [
    ['QUOTA_EXCEEDED', undefined],
    ['SECRET_MISSING', 'QUOTA_EXCEEDED'],
  ])
  assert.deepEqual(idsOf(group('shop', 'team')), [
    ['SECRET_MISSING', undefined],
    ['QUOTA_EXCEEDED', undefined],
  ])
})

test('a warning and a note explain no failure', () => {
  const findings = [found('SECRET_MISSING', 'error', ['shop']), found('ROLE_RIGHTS_MISSING', 'warning')]
  assert.deepEqual(idsOf(groupConsequences(findings, wrongInstance)), [
    ['SECRET_MISSING', undefined],
    ['ROLE_RIGHTS_MISSING', undefined],
  ])
})

test('a cause is followed by its consequences, each with its own consequences, and then comes the next cause', () => {
  const findings = [
    found('POD_WITHOUT_SECRET', 'error', ['shop/web']),
    found('SECRET_MISSING', 'error', ['shop', 'team']),
    found('CLOUD_OUT_OF_REACH'),
    found('SECRET_FOREIGN', 'error', ['other']),
  ]
  assert.deepEqual(idsOf(groupConsequences(findings, wrongInstance)), [
    ['CLOUD_OUT_OF_REACH', undefined],
    ['SECRET_MISSING', 'CLOUD_OUT_OF_REACH'],
    ['POD_WITHOUT_SECRET', 'SECRET_MISSING'],
    ['SECRET_FOREIGN', undefined],
  ])
})

const NO_CREDENTIAL = [
  'OIDC_ISSUER_MISMATCH',
  'OIDC_PROVIDER_WRONG',
  'ROLE_MISSING',
  'ROLE_TRUST_DIFFERS',
  'ROLE_RIGHTS_MISSING',
  'INSTANCE_NOT_FOUND',
  'INSTANCE_ELSEWHERE',
  'INSTANCE_NOT_RUNNING',
  'ROLE_NOT_TRUSTED',
  'RAM_DENIED',
  'IDENTITY_MISSING',
  'CREDENTIALS_REFUSED',
  'CLOUD_OUT_OF_REACH',
  'REGISTRY_REFUSES',
  'REGISTRY_FAILING',
] as const
const NO_HELPER = ['HELPER_DOWN', 'HELPER_LEADERLESS'] as const
const NO_WRITE = ['QUOTA_EXCEEDED', 'WEBHOOK_REFUSES', 'WRITE_REFUSED', 'SECRET_STUCK'] as const

interface Causes {
  /** Causes wherever they are. */
  readonly anywhere?: readonly FindingId[]
  /** Causes only if they concern every namespace of the consequence. */
  readonly inside?: readonly FindingId[]
}

/**
 * What doctor promises as the first thing to fix, in a cluster that never got a credential. It is
 * written down a second time, so that no cause is added or lost unnoticed.
 */
const CAUSES: Readonly<Partial<Record<FindingId, Causes>>> = {
  ROLE_NOT_TRUSTED: { anywhere: ['OIDC_ISSUER_MISMATCH', 'OIDC_PROVIDER_WRONG', 'ROLE_MISSING', 'ROLE_TRUST_DIFFERS'] },
  RAM_DENIED: { anywhere: ['ROLE_RIGHTS_MISSING'] },
  HELPER_DOWN: { anywhere: NO_CREDENTIAL },
  HELPER_DEGRADED: { anywhere: NO_CREDENTIAL },
  HELPER_SILENT: { anywhere: NO_HELPER },
  REGISTRY_PENDING: { anywhere: NO_HELPER },
  REGISTRY_EXPIRED: { anywhere: NO_HELPER },
  REGISTRY_EXPIRING: { anywhere: NO_HELPER },
  SECRET_MISSING: { anywhere: [...NO_CREDENTIAL, ...NO_HELPER, 'RIGHTS_MISSING'], inside: NO_WRITE },
  SECRET_FOREIGN: { anywhere: NO_HELPER, inside: NO_WRITE },
  SECRET_INCOMPLETE: { anywhere: [...NO_CREDENTIAL, ...NO_HELPER], inside: NO_WRITE },
  SECRET_EXPIRED: { anywhere: [...NO_CREDENTIAL, ...NO_HELPER, 'RIGHTS_MISSING'] },
  ACCOUNT_UNATTACHED: { anywhere: [...NO_HELPER, 'RIGHTS_MISSING'], inside: [...NO_WRITE, 'SECRET_MISSING'] },
  POD_UNCOVERED: { anywhere: ['INSTANCE_NOT_FOUND', 'INSTANCE_ELSEWHERE'] },
  POD_UNREFERENCED: {
    anywhere: ['POLICY_MISSING', ...NO_HELPER],
    inside: ['ACCOUNT_UNATTACHED', 'ACCOUNT_FOREIGN', 'POLICY_INACTIVE'],
  },
  POD_WITHOUT_SECRET: { anywhere: NO_HELPER, inside: ['SECRET_MISSING', 'SECRET_FOREIGN'] },
  POD_CREDENTIAL: {
    anywhere: ['REGISTRY_EXPIRED', 'REGISTRY_REFUSES'],
    inside: ['SECRET_EXPIRED', 'SECRET_INCOMPLETE'],
  },
  POD_LOGIN_REFUSED: { anywhere: ['REGISTRY_EXPIRED', 'REGISTRY_REFUSES'], inside: ['SECRET_EXPIRED'] },
  POD_NODE_LOGIN: { anywhere: ['NODE_AUDIENCE_DENIED'] },
  POD_DENIED: { anywhere: ['ROLE_RIGHTS_MISSING'] },
  POD_VPC_UNLINKED: { anywhere: ['VPC_UNLINKED', 'VPC_LINK_ISSUE'] },
}

/** A cluster in which every condition of a cause holds. */
const worst: Observed = {
  ...wrongInstance,
  focus: { pod: stuckPod(), node: undefined, responses: new Map() },
}

/** The ids that explain this finding, if they are found in these places. */
function causesOf(consequence: Finding, observed: Observed, places?: readonly string[]): readonly FindingId[] {
  return FINDING_IDS.filter((id) => id !== consequence.id)
    .filter((id) => {
      const all = groupConsequences([found(id, 'error', places), consequence], observed)
      return all.some((one) => one.id === consequence.id && one.causedBy === id)
    })
    .toSorted()
}
const unready = (id: FindingId, objects?: readonly string[]): Finding => {
  return { ...found(id, 'error', objects), cause: HELPER_NOT_READY }
}

test('each finding likely follows from these causes, in these places, and from no other', () => {
  for (const id of FINDING_IDS) {
    const { anywhere = [], inside = [] } = CAUSES[id] ?? {}
    const everywhere = [...anywhere, ...inside].toSorted()
    assert.deepEqual(causesOf(unready(id, ['shop/web', 'team/web']), worst, ['team', 'shop']), everywhere, id)
    assert.deepEqual(causesOf(unready(id, ['shop/web', 'team/web']), worst, ['shop']), anywhere.toSorted(), id)
    assert.deepEqual(causesOf(unready(id, ['shop/web']), worst), anywhere.toSorted(), id)
    // Nothing shows where a finding without objects is.
    assert.deepEqual(causesOf(unready(id), worst, ['shop']), anywhere.toSorted(), id)
  }
})

test('a missing Secret follows from a registry only if no registry has a credential that is valid', () => {
  const isCaused = (...registries: readonly ReturnType<typeof registry>[]): boolean =>
    causesOf(found('SECRET_MISSING'), fixture({ registries })).includes('CLOUD_OUT_OF_REACH')
  const failing = (expiresAt: string | undefined) => registry({ state: 'failing', expiresAt: expiresAt as never })
  const at = (ms: number): string => new Date(NOW + ms).toISOString()
  assert.deepEqual(
    [
      registry({ state: 'pending' }),
      failing(at(0)),
      failing(at(1)),
      failing(undefined),
      registry({ expiresAt: at(-1) }),
    ].map((one) => isCaused(one)),
    [true, true, false, false, false],
  )
  assert.equal(isCaused(registry({ state: 'pending' }), failing(at(1))), false)
  assert.equal(isCaused(registry({ state: 'pending' }), failing(at(0))), true)
  // Without a report nothing shows a credential.
  assert.ok(causesOf(found('SECRET_MISSING'), fixture({ status: null })).includes('CLOUD_OUT_OF_REACH'))
})

test('an image that no registry covers follows from a wrong instance only if an instance has no domain yet', () => {
  const causes = (change: Parameters<typeof registry>[0]) =>
    causesOf(found('POD_UNCOVERED'), fixture({ registries: [registry(), registry(change)] }))
  assert.deepEqual(causes({ domains: [] }), ['INSTANCE_ELSEWHERE', 'INSTANCE_NOT_FOUND'])
  assert.deepEqual(causes({ domains: [HOST] }), [])
  assert.deepEqual(causes({ domains: [], edition: 'personal' }), [])
  assert.deepEqual(causesOf(found('POD_UNCOVERED'), fixture({ status: null })).length, 2)
})

test('helper Pods that are not ready follow from a registry only while no registry has a credential', () => {
  for (const id of ['HELPER_DOWN', 'HELPER_DEGRADED'] as const) {
    assert.deepEqual(causesOf(unready(id), fixture()), [])
    assert.deepEqual(causesOf(found(id), wrongInstance), [])
  }
})

test('the cause nearest to the consequence is named, and of equally near causes the one that explains more', () => {
  const causeOf = (id: FindingId, ...causes: readonly FindingId[]) =>
    groupConsequences(
      [found(id, 'error', ['shop']), ...causes.map((one) => found(one, 'error', ['shop']))],
      worst,
    ).find((one) => one.id === id)?.causedBy
  assert.equal(causeOf('SECRET_MISSING', 'HELPER_LEADERLESS', 'CLOUD_OUT_OF_REACH', 'QUOTA_EXCEEDED'), 'QUOTA_EXCEEDED')
  assert.equal(causeOf('SECRET_MISSING', 'HELPER_LEADERLESS', 'CLOUD_OUT_OF_REACH'), 'CLOUD_OUT_OF_REACH')
  assert.equal(causeOf('ROLE_NOT_TRUSTED', 'ROLE_MISSING', 'OIDC_ISSUER_MISMATCH'), 'OIDC_ISSUER_MISMATCH')
})

test('worse findings come first, and consequences of a cause that is found twice are listed once', () => {
  const ids = (...findings: readonly Finding[]) =>
    groupConsequences(findings, worst).map(({ id, subject }) => `${id} ${subject}`)
  assert.deepEqual(ids(found('RETIRING', 'info'), found('RIVAL_ADDON', 'warning'), found('REGISTRY_FAILING')), [
    'REGISTRY_FAILING s',
    'RIVAL_ADDON s',
    'RETIRING s',
  ])
  const instance = (subject: string): Finding => ({ ...found('INSTANCE_NOT_FOUND'), subject })
  assert.deepEqual(ids(instance('a'), instance('b'), found('SECRET_EXPIRED')), [
    'INSTANCE_NOT_FOUND a',
    'SECRET_EXPIRED s',
    'INSTANCE_NOT_FOUND b',
  ])
})

test('whatever was found, no finding is lost, repeated, or its own cause', () => {
  const severity = fc.constantFrom<Severity>('error', 'error', 'warning', 'info')
  const objects = fc.subarray(['shop', 'team', 'shop/web'])
  const finding = fc.tuple(fc.constantFrom(...FINDING_IDS), severity, objects).map((parts) => found(...parts))
  const property = fc.property(
    fc.array(finding, { maxLength: 40 }),
    fc.constantFrom(fixture(), wrongInstance),
    (all, observed) => {
      const grouped = groupConsequences(all, observed)
      const plain = grouped.map(({ causedBy: _, ...rest }) => JSON.stringify(rest))
      assert.deepEqual(plain.toSorted(), all.map((one) => JSON.stringify(one)).toSorted())
      for (const [index, { causedBy }] of grouped.entries()) {
        if (causedBy !== undefined) assert.ok(grouped.slice(0, index).some(({ id }) => id === causedBy))
      }
    },
  )
  fc.assert(property, { numRuns: 500 })
})

test("a node's long message is cut in the text, at neither end, and whole in the JSON", () => {
  const message = `BEGIN ${'x'.repeat(600)} END`
  const long = { ...found('POD_STUCK'), message, cause: message }
  const observed = fixture()
  const text = renderReport(observed, [long], PLAIN as never)
  const line = text.split('\n').find((one) => one.includes('BEGIN')) ?? ''
  assert.ok(line.length < 400 && line.endsWith('END') && line.includes(' … '))
  assert.ok(JSON.stringify(describeReport(observed, [long])).includes(message))
  const other = renderReport(observed, [{ ...long, id: 'GUARD_INACTIVE' }], PLAIN as never)
  assert.ok(other.includes(message))
})
