import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { describeConflicts, readConflicts } from '../../src/helm/apply-conflict.ts'
import { printable } from '../../src/printable.ts'

// The texts of TestNewConflictError in k8s.io/apimachinery,
// pkg/util/managedfields/internal/conflict_test.go (v0.37).
const API_SERVER = [
  {
    name: 'one field of a manager that updates',
    text: 'Apply failed with 1 conflict: conflict with "foo" using v1 at 2001-02-03T04:05:06Z: .spec.replicas',
    said: 'foo owns .spec.replicas, which the chart sets too',
  },
  {
    name: 'fields of two managers',
    text: 'Apply failed with 2 conflicts: conflicts with "bar":\n- .metadata.labels.app\nconflicts with "foo" using v1 at 2001-02-03T04:05:06Z:\n- .spec.replicas',
    said: 'bar owns .metadata.labels.app; foo owns .spec.replicas, which the chart sets too',
  },
  {
    name: 'a subresource',
    text: 'Apply failed with 1 conflict: conflict with "foo" with subresource "scale" using v1 at 2001-02-03T04:05:06Z: .spec.replicas',
    said: 'foo (subresource scale) owns .spec.replicas, which the chart sets too',
  },
] as const

for (const { name, text, said } of API_SERVER) {
  test(`a conflict of the API server names who owns what: ${name}`, () => {
    assert.equal(describeConflicts(readConflicts(text)), said)
    // One of our errors has the text on one line.
    assert.equal(describeConflicts(readConflicts(printable(`PATCH /x returned 409: ${text}`))), said)
  })
}

// patchResourceServerSide and update in
// https://github.com/helm/helm/blob/v4.3.1/pkg/kube/client.go: Helm names the object of each
// conflict, and joins the conflicts with ` && `.
test('a conflict of helm names the object, several fields, and every object', () => {
  const first =
    'conflict occurred while applying object t1/a apps/v1, Kind=Deployment: Apply failed with 2 conflicts: conflicts with "kubectl-set" using apps/v1:\n- .spec.template.spec.containers[name="helper"].resources.limits.memory\n- .spec.replicas'
  const second =
    'conflict occurred while applying object /b rbac.authorization.k8s.io/v1, Kind=ClusterRole: Apply failed with 1 conflict: conflict with "kubectl-edit" using rbac.authorization.k8s.io/v1: .rules'
  assert.equal(
    describeConflicts(readConflicts(`Error: UPGRADE FAILED: ${first} && ${second}`)),
    'kubectl-set owns .spec.template.spec.containers[name="helper"].resources.limits.memory, .spec.replicas of Deployment t1/a; kubectl-edit owns .rules of ClusterRole b, which the chart sets too',
  )
  assert.equal(
    describeConflicts(readConflicts(`Error: UPGRADE FAILED: ${second} && ${first}`)),
    'kubectl-edit owns .rules of ClusterRole b; kubectl-set owns .spec.template.spec.containers[name="helper"].resources.limits.memory, .spec.replicas of Deployment t1/a, which the chart sets too',
  )
})

test('a log line of helm, with escaped quotes and lines, reads the same', () => {
  const line =
    'level=WARN msg="upgrade failed" name=a error="conflict occurred while applying object t1/a apps/v1, Kind=Deployment: Apply failed with 1 conflict: conflict with \\"kubectl\\" with subresource \\"scale\\" using apps/v1: .spec.replicas"'
  const [conflict] = readConflicts(line)
  assert.deepEqual(conflict?.owners[0]?.manager, 'kubectl (subresource scale)')
})

test('any manager and fields of a conflict are read as the API server wrote them', () => {
  const word = fc.stringMatching(/^[A-Za-z0-9 ._-]{1,12}$/)
  const field = fc.stringMatching(/^\.[a-z]{1,8}(\[[a-z]{1,5}="[a-z0-9]{1,8}"\])?$/)
  const owner = fc.record({
    manager: word,
    subresource: fc.option(fc.constantFrom('scale', 'status'), { nil: undefined }),
    using: fc.option(fc.constantFrom('v1', 'apps/v1', 'x.example.com/v1beta1'), { nil: undefined }),
    at: fc.boolean(),
    fields: fc.array(field, { minLength: 1, maxLength: 4 }),
  })
  type Owner = typeof owner extends fc.Arbitrary<infer T> ? T : never
  // printManager and getConflictMessage in the same file.
  const named = ({ manager, subresource, using, at }: Owner): string =>
    `"${manager}"${subresource === undefined ? '' : ` with subresource "${subresource}"`}${using === undefined ? '' : ` using ${using}${at ? ' at 2001-02-03T04:05:06Z' : ''}`}`
  const written = (owners: readonly Owner[]): string => {
    const count = owners.reduce((sum, { fields }) => sum + fields.length, 0)
    const [only] = owners
    if (count === 1 && only) return `Apply failed with 1 conflict: conflict with ${named(only)}: ${only.fields[0]}`
    const blocks = owners.map(
      (one) => `conflicts with ${named(one)}:\n${one.fields.map((path) => `- ${path}`).join('\n')}`,
    )
    return `Apply failed with ${count} conflicts: ${blocks.join('\n')}`
  }
  fc.assert(
    fc.property(fc.array(owner, { minLength: 1, maxLength: 3 }), (owners) => {
      const [found] = readConflicts(written(owners))
      const expected = owners.map(({ manager, subresource, fields }) => ({
        manager: subresource === undefined ? manager : `${manager} (subresource ${subresource})`,
        fields,
      }))
      assert.deepEqual(found?.owners, expected)
    }),
  )
})

test('another message has no conflict', () => {
  assert.deepEqual(readConflicts('Error: something new'), [])
})

test('if a manager has more than five fields, the first five are named and the others counted', () => {
  const owned = (count: number) => {
    const fields = Array.from({ length: count }, (_, index) => `.spec.f${index}`)
    return describeConflicts([{ object: undefined, owners: [{ manager: 'kubectl', fields }] }], 'Deployment shop/web')
  }
  const five = '.spec.f0, .spec.f1, .spec.f2, .spec.f3, .spec.f4'
  assert.equal(owned(5), `kubectl owns ${five} of Deployment shop/web, which the chart sets too`)
  assert.equal(owned(7), `kubectl owns ${five} and 2 more of Deployment shop/web, which the chart sets too`)
})

test('a conflict whose owners cannot be read is still a conflict', () => {
  const conflicts = readConflicts('Apply failed with 1 conflict: in words that nobody knows')
  assert.equal(describeConflicts(conflicts), 'another field manager owns a field that the chart sets too')
})
