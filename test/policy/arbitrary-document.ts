import fc from 'fast-check'
import type { PolicyDocument, Statement } from '../../src/policy/normal-form.ts'

const oneOrMany = (items: readonly string[]): fc.Arbitrary<string | string[]> =>
  fc.oneof(fc.constantFrom(...items), fc.array(fc.constantFrom(...items), { minLength: 1, maxLength: 4 }))

const actions = ['cr:GetAuthorizationToken', 'cr:PullRepository', 'cr:ListInstanceEndpoint', 'sts:AssumeRole', 'cr:*']
const resources = [
  '*',
  'acs:cr:*:*:repository/cri-1/*',
  'acs:cr:*:*:repository/cri-1/team/*',
  'acs:cr:*:*:instance/cri-1',
]

const condition = fc.record({
  StringEquals: fc.dictionary(fc.constantFrom('oidc:sub', 'oidc:iss', 'acs:SourceIp'), oneOrMany(['a', 'b', 'c']), {
    maxKeys: 2,
  }),
})

const statement: fc.Arbitrary<Statement> = fc
  .tuple(
    fc.constantFrom('Allow', 'allow', 'ALLOW', 'Deny', 'deny'),
    oneOrMany(actions),
    fc.option(oneOrMany(resources), { nil: undefined }),
    fc.option(condition, { nil: undefined }),
    fc.option(fc.record({ RAM: oneOrMany(['acs:ram::1:root', 'acs:ram::2:role/x']) }), { nil: undefined }),
  )
  .map(([Effect, Action, Resource, Condition, Principal]) => ({
    Effect,
    Action,
    ...(Resource !== undefined && { Resource }),
    ...(Condition !== undefined && { Condition }),
    ...(Principal !== undefined && { Principal }),
  }))

/**
 * Documents as people and tools write them: in any order, with single strings or lists, with any
 * case of `Effect`.
 */
export const arbitraryDocument: fc.Arbitrary<PolicyDocument> = fc
  .array(statement, { minLength: 1, maxLength: 5 })
  .map((Statement) => ({ Version: '1', Statement }))
