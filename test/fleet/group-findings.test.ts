import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ClusterFinding, FleetFinding } from '../../src/fleet/finding.ts'
import { groupFindings } from '../../src/fleet/group-findings.ts'

const TEXTS = { subject: 's', message: 'm', cause: 'c', fix: 'f' }
const found = <Id extends ClusterFinding['id']>(id: Id, more: Partial<ClusterFinding> = {}) =>
  ({ id, severity: 'error', ...TEXTS, ...more }) as ClusterFinding & { readonly id: Id }
const fleet = (id: FleetFinding['id'], more: Partial<FleetFinding> = {}): FleetFinding =>
  ({ ...found(id), ...more }) as FleetFinding
const idsOf = (doctor: readonly ClusterFinding[], ...rest: readonly FleetFinding[]) =>
  groupFindings(doctor, rest).map(({ id, causedBy }) => (causedBy === undefined ? id : `${id} by ${causedBy}`))
const warning = { severity: 'warning' } as const

test('a consequence stays behind its cause, also if it is worse than the cause of another group', () => {
  const doctor = [
    found('REGISTRY_FAILING', warning),
    found('SECRET_INCOMPLETE', { ...warning, causedBy: 'REGISTRY_FAILING' }),
    found('POD_STUCK', warning),
    found('ROLE_MISSING'),
  ]
  assert.deepEqual(idsOf(doctor, fleet('VALUES_DRIFTED', warning), fleet('RELEASE_PENDING')), [
    'ROLE_MISSING',
    'RELEASE_PENDING',
    'REGISTRY_FAILING',
    'SECRET_INCOMPLETE by REGISTRY_FAILING',
    'POD_STUCK',
    'VALUES_DRIFTED',
  ])
})

test('a group is as bad as its worst finding', () => {
  const doctor = [
    found('POD_STUCK', warning),
    found('REGISTRY_FAILING', warning),
    found('SECRET_EXPIRED', { causedBy: 'REGISTRY_FAILING' }),
  ]
  assert.deepEqual(idsOf(doctor), ['REGISTRY_FAILING', 'SECRET_EXPIRED by REGISTRY_FAILING', 'POD_STUCK'])
})

test('a helper that is down follows from its changed Deployment, with all that follows from it, and from nothing else', () => {
  const doctor = [found('ROLE_MISSING'), found('HELPER_DOWN'), found('HELPER_SILENT', { causedBy: 'HELPER_DOWN' })]
  const drift = (...objects: readonly string[]) => fleet('OBJECTS_DRIFTED', { ...warning, objects })
  assert.deepEqual(idsOf(doctor, drift('Service a/b', 'Deployment a/b')), [
    'ROLE_MISSING',
    'OBJECTS_DRIFTED',
    'HELPER_DOWN by OBJECTS_DRIFTED',
    'HELPER_SILENT by HELPER_DOWN',
  ])
  const apart = ['ROLE_MISSING', 'HELPER_DOWN', 'HELPER_SILENT by HELPER_DOWN']
  assert.deepEqual(idsOf(doctor, drift('Service a/b')), [...apart, 'OBJECTS_DRIFTED'])
  const values = fleet('VALUES_DRIFTED', { ...warning, objects: ['Deployment a/b'] })
  assert.deepEqual(idsOf(doctor, values), [...apart, 'VALUES_DRIFTED'])
  assert.deepEqual(idsOf([found('ROLE_MISSING')], drift('Deployment a/b')), ['ROLE_MISSING', 'OBJECTS_DRIFTED'])
})

test('a renewal that did not happen follows from a helper that does not work, and no other finding does', () => {
  for (const id of ['HELPER_DOWN', 'HELPER_LEADERLESS', 'HELPER_SILENT'] as const) {
    assert.deepEqual(idsOf([found(id)], fleet('CREDENTIAL_NOT_RENEWED', warning)), [
      id,
      `CREDENTIAL_NOT_RENEWED by ${id}`,
    ])
    assert.deepEqual(idsOf([found(id)], fleet('KUBERNETES_UNSUPPORTED', warning)), [id, 'KUBERNETES_UNSUPPORTED'])
  }
  assert.deepEqual(idsOf([found('HELPER_DEGRADED')], fleet('CREDENTIAL_NOT_RENEWED')), [
    'HELPER_DEGRADED',
    'CREDENTIAL_NOT_RENEWED',
  ])
})
