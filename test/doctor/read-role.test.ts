import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CloudReader } from '../../src/doctor/cloud/cloud-reader.ts'
import { findUnclear, readRole } from '../../src/doctor/cloud/read-role.ts'
import { diagnose } from '../../src/doctor/diagnose.ts'
import { ownDescription } from '../../src/policy/ram-names.ts'
import { allow, ECS, observeCloud, role, text } from './cloud-fixture.ts'

const OURS = ownDescription('cluster c1')
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

/** Reads a role whose list of policies has our policy, with these answers of RAM. */
async function readOurs(description: string, answers: Readonly<Record<string, unknown>>) {
  const asked: string[] = []
  const found: Readonly<Record<string, unknown>> = {
    'ram:GetRole': { name: 'nodes', description: '', trust: text(ECS) },
    'ram:ListPoliciesForRole': [
      { name: 'ours', custom: true, description },
      { name: 'theirs', custom: true, description: '' },
    ],
    'ram:GetPolicy': { name: 'ours', description, document: text(allow('cr:Get*')), defaultVersion: 'v2' },
    ...answers,
  }
  const reader = {
    at: () => ({}),
    note: () => undefined,
    attempt: async (what: string, action: string) => {
      asked.push(what)
      return found[action]
    },
  }
  const { policy, attached } = await readRole(reader as unknown as CloudReader, 'nodes', ['ours'], { versions: true })
  return { policy, attached, asked: asked.filter((what) => what.includes('ours')) }
}

test('the versions of our policy give its document too, so that it is not read again', async () => {
  const listed = { versions: 3, defaultVersion: 'v3', document: text(allow('cr:*')) }
  const { policy, attached, asked } = await readOurs(OURS, { 'ram:ListPolicyVersions': listed })
  assert.deepEqual(policy, { name: 'ours', description: OURS, ...listed, ours: true })
  assert.equal(attached?.length, 2)
  assert.deepEqual(asked, ['versions of policy ours'])
})

test('a policy is read by itself where the list of versions lacks its document, is refused, or the mark is missing', async () => {
  const listed = { versions: 3, defaultVersion: 'v3', document: '' }
  const read = { name: 'ours', description: OURS, document: text(allow('cr:Get*')), defaultVersion: 'v2', ours: true }
  const without = await readOurs(OURS, { 'ram:ListPolicyVersions': listed })
  assert.deepEqual(without.policy, { ...read, versions: 3 })
  assert.deepEqual(without.asked, ['versions of policy ours', 'policy ours'])
  assert.deepEqual((await readOurs(OURS, {})).policy, read)
  const foreign = await readOurs('', { 'ram:ListPolicyVersions': { ...listed, document: text(allow('cr:*')) } })
  assert.deepEqual(foreign.policy, { ...read, description: '', versions: 3, ours: false })
})

test('documents that are understood, and those that could not be read, have no note of that kind', () => {
  const { role: found, attached } = role()
  assert.deepEqual(findUnclear('role nodes', found, attached ?? []), [])
  assert.deepEqual(findUnclear('role nodes', null, []), [])
  assert.deepEqual(findUnclear('role nodes', undefined, [{ name: 'geo', document: undefined }]), [])
})
