import assert from 'node:assert/strict'
import { test } from 'node:test'
import { trustDecision, trusts as trustsEntity } from '../../../sandbox/cloud/ram/authorize.ts'
import type { Principal, Role, Session } from '../../../sandbox/cloud/state.ts'

const role = (...statements: readonly object[]): Role => ({
  name: 'target',
  id: '300000000000000001',
  description: '',
  trust: JSON.stringify({ Version: '1', Statement: statements }),
  maxSessionSeconds: 3600,
  tags: new Map(),
  policies: new Set(),
})
const trust = (Principal: object, more: object = {}): object => ({
  Effect: 'Allow',
  Action: 'sts:AssumeRole',
  Principal,
  ...more,
})
const trusts = (...args: Parameters<typeof trustDecision>): boolean => trustDecision(...args) === 'allow'
const user: Principal = { kind: 'user', accountId: '1', name: 'Deployer' }
const session: Principal = {
  kind: 'role',
  accountId: '1',
  name: 'Helper',
  session: { name: 'pod' } as Session,
}

test('a trust policy must name the caller’s account, user or role exactly', () => {
  const cases: readonly (readonly [object, Principal, boolean])[] = [
    [{ RAM: ['acs:ram::1:root'] }, user, true],
    [{ RAM: 'acs:ram::1:root' }, session, true],
    [{ RAM: ['acs:ram::2:root'] }, user, false],
    [{ RAM: ['acs:ram::1:user/Deployer'] }, user, true],
    // The vendor's pages do not specify whether case matters.
    [{ RAM: ['acs:ram::1:user/deployer'] }, user, false],
    [{ RAM: ['acs:ram::1:user/other'] }, user, false],
    [{ RAM: ['acs:ram::1:role/helper'] }, session, true],
    [{ RAM: ['acs:ram::1:assumed-role/helper/pod'] }, session, true],
    [{ RAM: ['acs:ram::1:assumed-role/helper/other'] }, session, false],
    [{ RAM: ['acs:ram::1:role/helper'] }, { ...user, name: 'helper' }, false],
    [{ Service: ['ecs.aliyuncs.com'] }, user, false],
    [{ Federated: ['acs:ram::1:oidc-provider/p'] }, user, false],
    [{ Service: ['x'], RAM: ['acs:ram::1:root'] }, user, true],
  ]
  for (const [principal, caller, trusted] of cases) {
    assert.equal(trusts(role(trust(principal)), caller, new Map()), trusted, JSON.stringify(principal))
  }
})

test('a statement about another action than sts:AssumeRole does not apply, and a Deny takes precedence', () => {
  const root = { RAM: ['acs:ram::1:root'] }
  assert.equal(trusts(role(trust(root, { Action: 'sts:GetCallerIdentity' })), user, new Map()), false)
  assert.equal(trusts(role(trust(root, { Action: 'sts:*' })), user, new Map()), true)
  const deny = trust({ RAM: ['acs:ram::1:user/Deployer'] }, { Effect: 'Deny' })
  assert.equal(trusts(role(trust(root), deny), user, new Map()), false)
  assert.equal(trusts(role(deny, trust(root)), session, new Map()), true)
})

test('an identity provider is trusted only with the issuer, audience and subject in the policy', () => {
  const arn = 'acs:ram::1:oidc-provider/p'
  const condition = { StringEquals: { 'oidc:iss': 'i', 'oidc:aud': 'a', 'oidc:sub': 's' } }
  const target = role(trust({ Federated: [arn] }, { Condition: condition }))
  const claims = (change: Record<string, string>) =>
    new Map(
      Object.entries({ 'oidc:iss': 'i', 'oidc:aud': 'a', 'oidc:sub': 's', ...change }).map(([key, value]) => [
        key,
        [value],
      ]),
    )
  assert.equal(trustsEntity(target, 'Federated', arn, claims({})), true)
  for (const key of ['oidc:iss', 'oidc:aud', 'oidc:sub']) {
    assert.equal(trustsEntity(target, 'Federated', arn, claims({ [key]: 'x' })), false, key)
  }
  assert.equal(trustsEntity(target, 'Federated', 'acs:ram::1:oidc-provider/q', claims({})), false)
  assert.equal(trustsEntity(target, 'Federated', arn, new Map()), false)
})
