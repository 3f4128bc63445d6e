import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decide } from '../../../sandbox/cloud/ram/authorize.ts'
import type { SeedDocument } from '../../../sandbox/cloud/seed/generated/seed.ts'
import { loadSeed } from '../../../sandbox/cloud/seed/load-seed.ts'
import { openSession } from '../../../sandbox/cloud/sts/role-session.ts'
import * as product from '../../../src/policy/ram-statement.ts'

const ACCOUNT = '1234567890123456'
const ARN = `acs:cr:cn-hangzhou:${ACCOUNT}:repository/cri-1/`

const ALL: SeedDocument = { Version: '1', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] }
const TRUST: SeedDocument = {
  Version: '1',
  Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: ['ecs.aliyuncs.com'] } }],
}
const roles = [{ name: 'role', trust: TRUST, policies: { custom: ['own'] } }]
const state = loadSeed(
  { accounts: [{ id: ACCOUNT, users: [{ name: 'admin' }], roles, policies: { own: ALL } }] },
  () => 0,
)
const rolePolicy = state.main.ram.Policy.get('own')
const session = openSession(state, { accountId: ACCOUNT, role: 'role', name: 'me', policy: undefined, seconds: 900 })

const part = (unit: readonly string[]) => fc.string({ unit: fc.constantFrom(...unit), minLength: 1, maxLength: 3 })
const name = fc.tuple(part(['a', 'b']), part(['a', 'b'])).map((parts) => parts.join('/'))
const glob = fc.oneof(
  fc.constantFrom('*', 'a/*', 'b/*'),
  fc.tuple(part(['a', 'b', '*', '?']), part(['a', 'b', '*'])).map((parts) => parts.join('/')),
)
const action = fc.constantFrom('cr:PullRepository', 'cr:PushRepository')
const statement = fc
  .record({
    effect: fc.constantFrom<'Allow' | 'Deny'>('Allow', 'Allow', 'Allow', 'Deny'),
    except: fc.constantFrom(false, false, false, true),
    actions: fc.constantFrom('cr:*', 'cr:Pull*', 'CR:PULLREPOSITORY', 'cr:PushRepository', '*', 'ram:*'),
    globs: fc.array(glob, { minLength: 1, maxLength: 3 }),
  })
  .map(({ effect, except, actions, globs }) => ({
    Effect: effect,
    [except ? 'NotAction' : 'Action']: actions,
    Resource: globs.map((one) => `acs:cr:*:*:repository/cri-1/${one}`),
  }))
const document = fc
  .array(statement, { minLength: 1, maxLength: 3 })
  .map((list) => ({ Version: '1', Statement: list }) as SeedDocument)

const RUNS = Number(process.env.FUZZ_RUNS) || 3000

test(`a limited session may do what its role and its session policy both allow by the product's evaluation too: ${RUNS} random policies`, (t) => {
  const counts = { both: 0, 'role only': 0, 'session policy only': 0, neither: 0 }
  const property = fc.property(document, document, name, action, (role, policy, repository, wanted) => {
    const request = { action: wanted, resource: `${ARN}${repository}`, context: new Map<string, string[]>() }
    const allows = (one: SeedDocument): boolean =>
      product.evaluate(product.parseStatements(JSON.stringify(one), 'policy'), request) === 'allow'
    const mayDo = (sessionPolicy: string | undefined): boolean => {
      const limited = { ...session, policy: sessionPolicy }
      const principal = { kind: 'role', accountId: ACCOUNT, name: 'role', session: limited } as const
      return decide(state, principal, request).decision === 'allow'
    }
    rolePolicy?.versions.set('v1', JSON.stringify(role))
    const [byRole, byPolicy] = [allows(role), allows(policy)]
    assert.equal(mayDo(undefined), byRole)
    assert.equal(mayDo(JSON.stringify(policy)), byRole && byPolicy)
    counts[byRole && byPolicy ? 'both' : byRole ? 'role only' : byPolicy ? 'session policy only' : 'neither'] += 1
  })
  fc.assert(property, { numRuns: RUNS, seed: process.env.FUZZ_RUNS ? Date.now() % 2 ** 31 : 20_261_201 })
  t.diagnostic(JSON.stringify(counts))
  for (const count of Object.values(counts)) assert.ok(count > RUNS / 20, JSON.stringify(counts))
})
