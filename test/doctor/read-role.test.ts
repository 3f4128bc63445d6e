import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CloudReader } from '../../src/doctor/cloud/cloud-reader.ts'
import { findUnclear, readRole } from '../../src/doctor/cloud/read-role.ts'
import { diagnose } from '../../src/doctor/diagnose.ts'
import { allow, ECS, observeCloud, role, text } from './cloud-fixture.ts'

const TRUST = text({ ...ECS, Condition: { GeoMatches: { 'acs:SourceCountry': ['CN'] } } } as typeof ECS)
const POLICY = text({ ...allow('cr:*'), Condition: { GeoMatches: { x: ['y'] } } } as ReturnType<typeof allow>)
const policy = (name: string, document: string) => ({ name, custom: true, document })

test('a document of RAM that cannot be parsed leads to no finding about the role, and is reported as not checked', () => {
  const facts = role({
    role: { name: 'nodes', description: '', trust: TRUST, ours: false },
    attached: [policy('plain', text(allow('cr:*'))), policy('geo', POLICY), policy('none', 'not JSON')],
  })
  // Without the note nothing would show that neither document was judged.
  assert.deepEqual(diagnose(observeCloud({ role: facts })), [])
  const unclear = 'it has a form that doctor does not know'
  assert.deepEqual(findUnclear('role nodes', facts.role, facts.attached ?? []), [
    { what: 'the trust policy of role nodes', why: `${unclear} (unknown condition operator GeoMatches)` },
    { what: 'policy geo of role nodes', why: `${unclear} (unknown condition operator GeoMatches)` },
    { what: 'policy none of role nodes', why: `${unclear} (not JSON)` },
  ])
})

test('reading a role names the documents that are not understood', async () => {
  const notes: string[] = []
  const found: Readonly<Record<string, unknown>> = {
    'ram:GetRole': { name: 'nodes', description: '', trust: TRUST },
    'ram:ListPoliciesForRole': [{ name: 'geo', custom: true }],
    'ram:GetPolicy': { description: '', document: POLICY },
  }
  const reader = {
    at: () => ({}),
    note: (what: string) => notes.push(what),
    attempt: async (_what: string, action: string) => found[action],
  }
  const facts = await readRole(reader as unknown as CloudReader, 'nodes', ['ours'])
  assert.equal(facts.attached?.length, 1)
  assert.deepEqual(notes, ['the trust policy of role nodes', 'policy geo of role nodes'])
})

test('documents that are understood, and those that could not be read, have no note of that kind', () => {
  const { role: found, attached } = role()
  assert.deepEqual(findUnclear('role nodes', found, attached ?? []), [])
  assert.deepEqual(findUnclear('role nodes', null, []), [])
  assert.deepEqual(findUnclear('role nodes', undefined, [{ name: 'geo', document: undefined }]), [])
})
