import assert from 'node:assert/strict'
import { test } from 'node:test'
import { reviewRights } from '../../src/doctor/read/review-rights.ts'
import { answeringReader } from './answering-reader.ts'
import { fixture } from './fixture.ts'

const WHAT = "The helper's rights (SubjectAccessReview)"
const config = (change: Readonly<Record<string, unknown>>) => fixture({ config: change }).release?.config

test('if an authorizer fails, the rights of the helper count as partly unread, although its response denies them', async () => {
  const why = 'webhook: context deadline exceeded'
  const { reader } = answeringReader(() => ({ status: { allowed: false, evaluationError: why } }))
  await reviewRights(reader, config({}))
  assert.deepEqual(reader.unread, [{ what: WHAT, why }])
})

test('rights that are denied by a rule are read', async () => {
  const { reader } = answeringReader(() => ({ status: { allowed: false } }))
  const { excessRights } = await reviewRights(reader, config({}))
  assert.deepEqual([reader.unread, excessRights], [[], []])
})

test('listed namespaces beyond the limit are named as not reviewed', async () => {
  const include = Array.from({ length: 60 }, (_, index) => `team-${index}`)
  const { reader } = answeringReader(() => ({ status: { allowed: false } }))
  await reviewRights(reader, config({ scope: 'namespaces', targets: { namespaces: { include } } }))
  assert.deepEqual(reader.unread, [{ what: WHAT, why: 'those in 11 more of the listed namespaces are not reviewed' }])
})
