import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { MalformedDocument, readPolicy, readTrust } from '../../../sandbox/cloud/ram/document.ts'
import { type Decision, type Entity, evaluate, evaluateTrust } from '../../../sandbox/cloud/ram/evaluate.ts'
import { judgeTrust } from '../../../src/policy/judge-trust.ts'
import * as product from '../../../src/policy/ram-statement.ts'
import { parseStatements } from '../../../src/policy/ram-statement.ts'
import { POLICY_VECTORS, TRUST_VECTORS, type TrustVector } from './ram-vectors.ts'

// The product evaluates RAM policies for `doctor`, and the emulated cloud has an independent
// implementation. Where the vendor's pages specify the result, the two must agree. Elsewhere the
// emulator decides strictly, and `lenient` contains the other possible decision.

type Context = Readonly<Record<string, string | readonly string[]>>

const document = (Statement: readonly object[]): string => JSON.stringify({ Version: '1', Statement })
const valuesOf = (value: string | readonly string[]): readonly string[] => (typeof value === 'string' ? [value] : value)
const contextOf = (context: Context) => new Map(Object.entries(context).map(([key, value]) => [key, valuesOf(value)]))
/** The product stores keys in lower case. */
const productContext = (context: Context) =>
  new Map([...contextOf(context)].map(([key, value]) => [key.toLowerCase(), value]))

test('the product and the emulator evaluate every example on the vendor’s pages as specified', (t) => {
  for (const { source, statements, action, resource, context = {}, decision } of POLICY_VECTORS) {
    const text = document(statements)
    const what = `${action} on ${resource} with ${JSON.stringify(context)} by ${text} (${source})`
    const request = { action, resource, context: contextOf(context) }
    // A policy without statements is malformed; here it means a principal without policies.
    const read = statements.length === 0 ? [] : readPolicy(text)
    assert.deepEqual(evaluate(read, request), { decision, lenient: decision }, `the emulator: ${what}`)
    const actual = product.evaluate(parseStatements(text, 'policy'), { ...request, context: productContext(context) })
    assert.equal(actual, decision, `the product: ${what}`)
  }
  t.diagnostic(`RAM, policies from the vendor's pages: ${POLICY_VECTORS.length} cases`)
})

const entityOf = (kind: Entity['kind'], name: string): Entity => {
  const root = name.replace(/^(acs:ram::\d+:).*$/, '$1root')
  return { kind, names: kind === 'RAM' ? [name, root] : [name] }
}
const trustDocument = (Principal: object, Condition?: object, Effect = 'Allow'): object => {
  return { Effect, Action: 'sts:AssumeRole', Principal, ...(Condition && { Condition }) }
}
/** Whether the product considers the role to trust this caller. */
const productTrusts = (
  trust: string,
  { kind, name, context = {} }: Pick<TrustVector, 'kind' | 'name' | 'context'>,
): boolean => {
  const condition = Object.keys(context).length === 0 ? undefined : { StringEquals: context }
  const caller = trustDocument({ [kind]: [name] }, condition)
  return judgeTrust(trust, JSON.parse(document([caller]))).differs.length === 0
}

test('the product and the emulator evaluate every trust policy on the vendor’s pages as specified', (t) => {
  for (const vector of TRUST_VECTORS) {
    const trust = document([trustDocument(vector.principal, vector.condition)])
    const decision: Decision = vector.trusted ? 'allow' : 'implicit-deny'
    const verdict = evaluateTrust(readTrust(trust), entityOf(vector.kind, vector.name), contextOf(vector.context ?? {}))
    assert.deepEqual(verdict, { decision, lenient: decision }, JSON.stringify(vector))
    assert.equal(productTrusts(trust, vector), vector.trusted, JSON.stringify(vector))
  }
  t.diagnostic(`RAM, trust policies from the vendor's pages: ${TRUST_VECTORS.length} cases`)
})

test('the emulator accepts only the documented grammar; the product also accepts that of older pages', () => {
  const valid = { Effect: 'Allow', Action: 'cr:*', Resource: '*' }
  const trusting = { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: ['ecs.aliyuncs.com'] } }
  readPolicy(document([valid, { ...valid, Action: '*', Resource: ['acs:cr:*:*:a', '*'] }]))
  readTrust(document([trusting]))
  const policies: readonly (readonly [text: string, productReads: boolean])[] = [
    ['{', false],
    ['[]', false],
    [JSON.stringify({ Version: '1' }), false],
    [JSON.stringify({ Version: '2', Statement: [valid] }), false],
    [JSON.stringify({ Version: '1', Statement: valid }), false],
    [JSON.stringify({ Version: '1', Statement: [valid], Id: 'x' }), false],
    [document([]), true],
    [document([{ ...valid, Effect: 'allow' }]), false],
    [document([{ ...valid, Sid: 'x' }]), false],
    [document([{ ...valid, NotAction: 'ram:*' }]), false],
    [document([{ Effect: 'Allow', Resource: '*' }]), false],
    [document([{ ...valid, Action: [] }]), false],
    [document([{ ...valid, Action: 'GetRole' }]), false],
    [document([{ ...valid, Resource: 'cri-1' }]), false],
    [document([{ ...valid, Resource: '' }]), false],
    [document([{ Effect: 'Allow', Action: 'cr:*' }]), false],
    [document([{ Effect: 'Deny', Action: 'cr:*', NotResource: '*' }]), true],
    [document([{ ...valid, Condition: { StringIs: { a: 'b' } } }]), false],
    [document([{ ...valid, Condition: { 'ForAnyValue:StringEquals': { a: 'b' } } }]), true],
    [document([{ ...valid, Condition: { NumericEquals: { a: 1 } } }]), true],
    [document([{ ...valid, Condition: { StringEquals: { a: [] } } }]), false],
    [document([trusting]), false],
  ]
  for (const [text, productReads] of policies) {
    assert.throws(() => readPolicy(text), MalformedDocument, text)
    if (productReads) parseStatements(text, 'policy')
    else assert.throws(() => parseStatements(text, 'policy'), text)
  }
  for (const Principal of [undefined, {}, 'root', { AWS: ['x'] }, { RAM: [] }]) {
    assert.throws(() => readTrust(document([{ ...trusting, Principal }])), MalformedDocument, JSON.stringify(Principal))
  }
  assert.throws(() => readTrust(document([{ ...trusting, Resource: '*' }])), MalformedDocument)
})

test('where the pages do not specify the result, an Allow does not apply and a Deny does', () => {
  const pull = { action: 'cr:PullRepository', resource: 'acs:cr:cn-hangzhou:1:repository/cri-1/team/app' }
  const worker = { action: 'ram:GetRole', resource: 'acs:ram:*:1:role/KubernetesWorkerRole-A' }
  const unspecified: readonly (readonly [
    what: string,
    resource: string,
    condition: object | undefined,
    request: typeof pull,
  ])[] = [
    [
      'a wildcard over several fields',
      'acs:cr:*:1:b',
      undefined,
      { action: 'cr:Get', resource: 'acs:cr:cn-hangzhou:1:1:b' },
    ],
    ['an empty region outside RAM', 'acs:cr::1:*', undefined, pull],
    ['an empty account', 'acs:cr:*::*', undefined, pull],
    ['case in a resource', 'acs:ram:*:1:role/kubernetesworkerrole-a', undefined, worker],
    [
      'a Not… operator on a key that is not in the request',
      '*',
      { StringNotEquals: { 'acs:ResourceTag/team': 'ops' } },
      pull,
    ],
    ['a Not… operator with one of two values', '*', { StringNotEquals: { tag: ['dev', 'ops'] } }, pull],
    ['one of several values in the request', '*', { StringEquals: { list: 'a' } }, pull],
    ['another spelling of a key', '*', { StringEquals: { TAG: 'dev' } }, pull],
    ['a text that is not a number', '*', { NumericLessThan: { tag: '5' } }, pull],
    ['a text that is not a date', '*', { DateLessThan: { 'acs:CurrentTime': '2026-01-01' } }, pull],
    ['True', '*', { Bool: { flag: 'True' } }, pull],
    ['IPv6', '*', { IpAddress: { 'acs:SourceIp': 'fd00::/8' } }, pull],
  ]
  const context = contextOf({
    tag: 'dev',
    list: ['a', 'b'],
    flag: 'true',
    'acs:CurrentTime': '2026-01-01T00:00:00Z',
    'acs:SourceIp': 'fd00::1',
  })
  for (const [what, Resource, Condition, request] of unspecified) {
    const statement = { Action: '*', Resource, ...(Condition && { Condition }) }
    const verdict = (...list: readonly object[]) => evaluate(readPolicy(document(list)), { ...request, context })
    const allowAll = { Effect: 'Allow', Action: '*', Resource: '*' }
    assert.deepEqual(verdict({ ...statement, Effect: 'Allow' }), { decision: 'implicit-deny', lenient: 'allow' }, what)
    assert.deepEqual(
      verdict(allowAll, { ...statement, Effect: 'Deny' }),
      { decision: 'explicit-deny', lenient: 'allow' },
      what,
    )
  }
})

const RANK: Readonly<Record<Decision, number>> = { 'explicit-deny': 0, 'implicit-deny': 1, allow: 2 }
const requestedRuns = Number(process.env.FUZZ_RUNS)
const [POLICIES, TRUSTS] = requestedRuns > 0 ? [requestedRuns, requestedRuns] : [5000, 3000]
/** The same cases in every run, unless `FUZZ_RUNS` is set. */
const SEED = requestedRuns > 0 ? Date.now() % 2 ** 31 : 20_261_127

function compare<T>(
  t: { diagnostic(text: string): void },
  what: string,
  numRuns: number,
  cases: fc.Arbitrary<T>,
  judge: (one: T) => { readonly decision: Decision; readonly lenient: Decision; readonly actual: Decision },
): void {
  const counts = { allow: 0, 'explicit-deny': 0, 'implicit-deny': 0, unspecified: 0 }
  const property = fc.property(cases, (one) => {
    const { decision, lenient, actual } = judge(one)
    counts[decision === lenient ? decision : 'unspecified'] += 1
    const [least, most, rank] = [RANK[decision], RANK[lenient], RANK[actual]]
    assert.ok(least <= rank && rank <= most, `emulator ${decision}, at most ${lenient}; product ${actual}`)
  })
  fc.assert(property, { numRuns, seed: SEED })
  t.diagnostic(`RAM, ${what}: ${numRuns} cases, seed ${SEED}: ${JSON.stringify(counts)}`)
  // Each result must be frequent, because rare results would make the comparison worthless.
  for (const count of Object.values(counts)) assert.ok(count > numRuns / 50, JSON.stringify(counts))
}

const pick = fc.constantFrom
const oneOrMore = <T>(item: fc.Arbitrary<T>): fc.Arbitrary<T | T[]> =>
  fc.oneof(item, fc.array(item, { minLength: 1, maxLength: 3 }))
/** Undefined in about one of `every` + 1 cases. */
const often = <T>(every: number, item: fc.Arbitrary<T>) => fc.option(item, { nil: undefined, freq: every })

/** Text in which wildcards often match letters. */
const word = fc.string({ unit: pick('a', 'b', 'A', '*', '?', '/', '-'), minLength: 1, maxLength: 6 })
const plain = fc.string({ unit: pick('a', 'b', 'A', '/', '-'), minLength: 1, maxLength: 6 })

const actionPattern = fc.oneof(
  { weight: 2, arbitrary: pick('*', 'cr:*') },
  pick(
    '*',
    'cr:*',
    'CR:pull*',
    'cr:PullRepository',
    'cr:?ullRepository',
    '*:Get*',
    'cr:Get*',
    'ram:*',
    'sts:AssumeRole',
  ),
  fc
    .tuple(
      pick('cr', 'ram', '*'),
      word.map((text) => text.replaceAll('/', 'x')),
    )
    .map((parts) => parts.join(':')),
)
const action = fc.oneof(
  pick('cr:PullRepository', 'cr:GetAuthorizationToken', 'ram:GetRole', 'sts:AssumeRole', 'CR:PULLREPOSITORY'),
  fc
    .tuple(
      pick('cr', 'ram'),
      plain.map((text) => text.replaceAll('/', 'x')),
    )
    .map((parts) => parts.join(':')),
)
const arn = (
  service: fc.Arbitrary<string>,
  region: fc.Arbitrary<string>,
  account: fc.Arbitrary<string>,
  rest: fc.Arbitrary<string>,
) => fc.tuple(service, region, account, rest).map((parts) => ['acs', ...parts].join(':'))
const resourcePattern = fc.oneof(
  {
    weight: 2,
    arbitrary: pick(
      '*',
      'acs:cr:*:*:*',
      'acs:cr:*:*:repository/cri-1/*',
      'acs:cr:cn-hangzhou:1:repository/cri-1/team/app',
    ),
  },
  arn(
    pick('cr', 'ram', '*', 'c*'),
    pick('*', '', 'cn-*', 'cn-hangzhou'),
    pick('*', '', '1', '2'),
    fc.oneof(word, pick('role/*', 'role/Worker', 'a:b', '*:a')),
  ),
)
const resource = fc.oneof(
  {
    weight: 2,
    arbitrary: pick('*', 'acs:cr:cn-hangzhou:1:repository/cri-1/team/app', 'acs:cr:cn-beijing:2:repository/cri-2/a/b'),
  },
  arn(
    pick('cr', 'ram'),
    pick('*', 'cn-hangzhou', ''),
    pick('1', '2'),
    fc.oneof(plain, pick('role/worker', 'role/Worker', 'a:b')),
  ),
)

/** Few values per kind, so that the policy and the request often use the same one. */
const VALUES = {
  String: fc.oneof(pick('', 'a', 'A', 'a*', '?', 'ab', 'ä', 'Ä'), word),
  Numeric: pick('1', '1.0', '2', '-1', '10', 'one', '', ' 1', '1e1'),
  Date: pick(
    '2026-01-01T00:00:00Z',
    '2026-01-01T08:00:00+08:00',
    '2026-01-01T00:00:01Z',
    '2025-12-31T20:00:00-04:00',
    '2026-01-01',
    '2026-02-31T00:00:00Z',
    'now',
    '2026-01-01T00:00:00.5Z',
  ),
  Bool: pick('true', 'false', 'True', 'yes'),
  Ip: pick(
    '10.0.0.1',
    '10.0.0.0/8',
    '10.0.0.1/32',
    '10.9.9.9/8',
    '11.0.0.1',
    '0.0.0.0/0',
    'fd00::1',
    'fd00::/8',
    '10.0.0.0/33',
    'host',
    '10.0.0.0/8/8',
  ),
} as const
type Kind = keyof typeof VALUES
const OPERATORS: Readonly<Record<Kind, readonly string[]>> = {
  String: ['Equals', 'NotEquals', 'EqualsIgnoreCase', 'NotEqualsIgnoreCase', 'Like', 'NotLike'].map(
    (name) => `String${name}`,
  ),
  Numeric: ['Equals', 'NotEquals', 'LessThan', 'LessThanEquals', 'GreaterThan', 'GreaterThanEquals'].map(
    (name) => `Numeric${name}`,
  ),
  Date: ['Equals', 'NotEquals', 'LessThan', 'LessThanEquals', 'GreaterThan', 'GreaterThanEquals'].map(
    (name) => `Date${name}`,
  ),
  Bool: ['Bool'],
  Ip: ['IpAddress', 'NotIpAddress'],
}
const KEYS: Readonly<Record<Kind, readonly string[]>> = {
  String: ['oss:Prefix', 'OSS:Prefix', 'acs:ResourceTag/team'],
  Numeric: ['cr:Count'],
  Date: ['acs:CurrentTime'],
  Bool: ['acs:SecureTransport'],
  Ip: ['acs:SourceIp', 'acs:sourceip'],
}
const kind = pick<Kind>('String', 'Numeric', 'Date', 'Bool', 'Ip')
const condition = fc
  .array(
    kind.chain((name) => fc.tuple(pick(...OPERATORS[name]), pick(...KEYS[name]), oneOrMore(VALUES[name]))),
    { minLength: 1, maxLength: 2 },
  )
  .map((rows) => {
    const blocks: Record<string, Record<string, unknown>> = {}
    for (const [operator, key, values] of rows) blocks[operator] = { ...blocks[operator], [key]: values }
    return blocks
  })
const context: fc.Arbitrary<Context> = fc.record(
  {
    'oss:Prefix': oneOrMore(VALUES.String),
    'cr:Count': VALUES.Numeric,
    'acs:CurrentTime': VALUES.Date,
    'acs:SecureTransport': VALUES.Bool,
    'acs:SourceIp': VALUES.Ip,
  },
  { requiredKeys: [] },
)
const statement = fc
  .record({
    effect: pick('Allow', 'Allow', 'Allow', 'Deny'),
    except: fc.integer({ min: 0, max: 5 }).map((number) => number === 0),
    actions: oneOrMore(actionPattern),
    resources: oneOrMore(resourcePattern),
    condition: often(3, condition),
  })
  .map(({ effect, except, actions, resources, condition: block }) => ({
    Effect: effect,
    [except ? 'NotAction' : 'Action']: actions,
    Resource: resources,
    ...(block && { Condition: block }),
  }))

test(`${POLICIES} generated policies, requests and conditions, seed ${SEED}: the product never contradicts the pages`, (t) => {
  const cases = fc.record({ list: fc.array(statement, { minLength: 1, maxLength: 3 }), action, resource, context })
  compare(t, 'policies compared', POLICIES, cases, (one) => {
    const text = document(one.list)
    const { decision, lenient } = evaluate(readPolicy(text), { ...one, context: contextOf(one.context) })
    const actual = product.evaluate(parseStatements(text, 'policy'), { ...one, context: productContext(one.context) })
    return { decision, lenient, actual }
  })
})

const name = fc.oneof(
  fc
    .tuple(pick('1', '2'), pick('root', 'user/a', 'user/ab', 'role/a', 'role/A', 'user/*'))
    .map(([id, rest]) => `acs:ram::${id}:${rest}`),
)
const NAMES = {
  RAM: name,
  Service: pick('ecs.aliyuncs.com', 'ECS.aliyuncs.com', 'fc.aliyuncs.com', '*'),
  Federated: pick('acs:ram::1:oidc-provider/p', 'acs:ram::1:oidc-provider/P', 'acs:ram::2:oidc-provider/p'),
} as const
const trustKind = pick('RAM', 'Service', 'Federated')
const claim = pick('i', 's', 'S', 's*', '')
const trustCondition = fc
  .tuple(
    pick('StringEquals', 'StringLike', 'StringNotEquals'),
    pick('oidc:sub', 'oidc:iss', 'OIDC:sub'),
    oneOrMore(claim),
  )
  .map(([operator, key, values]) => ({ [operator]: { [key]: values } }))
const trustStatement = fc
  .tuple(
    trustKind.chain((of) => oneOrMore(NAMES[of]).map((names) => ({ [of]: names }))),
    often(3, trustCondition),
    pick('Allow', 'Allow', 'Deny'),
  )
  .map(([principal, block, effect]) => trustDocument(principal, block, effect))

test(`${TRUSTS} generated trust policies and callers, seed ${SEED}: the product never contradicts the pages`, (t) => {
  const caller = trustKind.chain((of) =>
    fc.record({
      kind: fc.constant(of),
      name: NAMES[of],
      context: often(4, fc.record({ 'oidc:sub': pick('s', 'S', 'x'), 'oidc:iss': pick('i', 'j') })),
    }),
  )
  const cases = fc.record({ list: fc.array(trustStatement, { minLength: 1, maxLength: 3 }), caller })
  compare(
    t,
    'trust policies compared',
    TRUSTS,
    cases,
    ({ list, caller: { kind: of, name: who, context: claims = {} } }) => {
      const text = document(list)
      const { decision, lenient } = evaluateTrust(readTrust(text), entityOf(of, who), contextOf(claims))
      const trusted = productTrusts(text, { kind: of, name: who, context: claims })
      // The product does not distinguish explicit and implicit denials.
      const actual: Decision = trusted ? 'allow' : decision === 'allow' ? 'implicit-deny' : decision
      return { decision, lenient, actual }
    },
  )
})
