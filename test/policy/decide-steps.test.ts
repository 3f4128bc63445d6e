import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PolicyEntities } from '../../src/alibaba/ram.ts'
import { decideSteps, foreignMembers, keepsLeftovers } from '../../src/policy/decide-steps.ts'
import { type PolicyDocument, policyOf } from '../../src/policy/normal-form.ts'
import type { ObservedPolicy } from '../../src/policy/observe-policy.ts'
import type { PolicyTarget } from '../../src/policy/policy-target.ts'
import { MORE_MEMBERS, ownDescription } from '../../src/policy/ram-names.ts'
import { decideRemoval } from '../../src/policy/remove-policy.ts'
import { describeStep } from '../../src/policy/steps.ts'
import { rrsaStatement } from '../../src/policy/trust-document.ts'

const NAME = 'acr-nopass-c1'
const ROLE = 'KubernetesWorkerRole-1'
const pull = (...Resource: string[]): PolicyDocument =>
  policyOf([{ Effect: 'Allow', Action: ['cr:PullRepository'], Resource }])
const subject = (serviceAccount: string) =>
  rrsaStatement({
    oidcProviderArn: 'acs:ram::1:oidc-provider/c1',
    issuer: 'https://issuer',
    namespace: 'acr-nopass',
    serviceAccount,
  })
const ours = subject('acr-nopass')
const foreignTrust = { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'ecs.aliyuncs.com' } }

const target = (changes: Partial<PolicyTarget> = {}): PolicyTarget => {
  return {
    policyName: NAME,
    document: pull('a'),
    purpose: 'cluster c1',
    roles: [ROLE],
    adopt: false,
    phase: 'narrow',
    ...changes,
  }
}
const policy = (document: PolicyDocument, isOurs = true): ObservedPolicy['policy'] => {
  return { name: NAME, description: '', document: JSON.stringify(document), defaultVersion: 'v1', ours: isOurs }
}
const role = (statements: object[], isOurs: boolean): ObservedPolicy['trustRole'] => {
  return {
    name: 'r',
    description: '',
    trust: JSON.stringify({ Version: '1', Statement: statements }),
    ours: isOurs,
  }
}
const observed = (changes: Partial<ObservedPolicy> = {}): ObservedPolicy => {
  return {
    policy: undefined,
    attached: new Map([
      [ROLE, []],
      ['r', []],
    ]),
    trustRole: undefined,
    ...changes,
  }
}
const attached = new Map([[ROLE, [{ name: NAME, custom: true }]]])
const steps = (desired: PolicyTarget, found: ObservedPolicy): string[] => decideSteps(desired, found).map(describeStep)

test('without a policy: it is created and attached', () => {
  assert.deepEqual(steps(target(), observed()), [`create policy ${NAME}`, `attach policy ${NAME} to role ${ROLE}`])
})

test('P9 without a difference there is no step, in either phase', () => {
  const found = observed({
    policy: policy({ Version: '1', Statement: [{ Effect: 'allow', Action: 'cr:PullRepository', Resource: 'a' }] }),
    attached,
  })
  assert.deepEqual(steps(target(), found), [])
  assert.deepEqual(steps(target({ phase: 'widen' }), found), [])
})

test('P2 widening adds and keeps, narrowing leaves exactly the desired policy', () => {
  const found = observed({ policy: policy(pull('old')), attached })
  const [widen] = decideSteps(target({ phase: 'widen' }), found)
  const [narrow] = decideSteps(target(), found)
  assert.deepEqual(widen?.do === 'update-policy' && widen.after, pull('a', 'old'))
  assert.deepEqual(narrow?.do === 'update-policy' && narrow.after, pull('a'))
  assert.deepEqual(steps(target({ phase: 'widen' }), observed({ policy: policy(pull('a', 'old')), attached })), [])
})

test('P9 a policy with our name but without our mark is rejected, and with adopt taken over', () => {
  const found = observed({ policy: policy(pull('theirs'), false), attached })
  assert.throws(() => decideSteps(target(), found), { code: 'POLICY_NOT_OURS' })
  assert.deepEqual(steps(target({ adopt: true }), found), [
    `mark policy ${NAME} as managed by acr-nopass`,
    `update policy ${NAME}`,
  ])
})

test('a system policy with the same name does not count as attached', () => {
  const system = new Map([[ROLE, [{ name: NAME, custom: false }]]])
  assert.deepEqual(steps(target(), observed({ policy: policy(pull('a')), attached: system })), [
    `attach policy ${NAME} to role ${ROLE}`,
  ])
})

test('a worker role that does not exist is named before anything is written', () => {
  const found = observed({ attached: new Map([[ROLE, undefined]]) })
  assert.throws(() => decideSteps(target(), found), { code: 'POLICY_ROLE_MISSING', message: new RegExp(ROLE) })
})

test('a document that would be too large is rejected', () => {
  assert.throws(() => decideSteps(target({ document: pull('y'.repeat(7000)) }), observed()), {
    code: 'POLICY_TOO_LARGE',
  })
})

const NEXT = `${NAME}-next`
const [OLD, NEW] = [pull('x'.repeat(5000)), pull('y'.repeat(5000))]
const nextPolicy = (document: PolicyDocument, isOurs = true): ObservedPolicy['next'] => {
  return { name: NEXT, description: '', document: JSON.stringify(document), defaultVersion: 'v1', ours: isOurs }
}

test('if the old and the new document fit only separately, the new document is written to a second policy', () => {
  const full = observed({ policy: policy(OLD), attached })
  const widen = target({ document: NEW, phase: 'widen' })
  assert.deepEqual(steps(widen, full), [`create policy ${NEXT}`, `attach policy ${NEXT} to role ${ROLE}`])
  const there = new Map([[ROLE, [NAME, NEXT].map((name) => ({ name, custom: true }))]])
  const beside = observed({ policy: policy(OLD), attached: there, next: nextPolicy(NEW) })
  assert.deepEqual(steps(widen, beside), [])
  // Without the right to list the policy's attachments, only the roles of this target are known.
  // The policy is then not deleted.
  assert.deepEqual(steps(target({ document: NEW }), beside), [
    `update policy ${NAME}`,
    `detach policy ${NEXT} from role ${ROLE}`,
  ])
  const system = { name: NEXT, custom: false }
  const first = { ...beside, attached: new Map([[ROLE, [{ name: NAME, custom: true }, system]]]) }
  assert.deepEqual(steps(target({ document: NEW }), first), [`update policy ${NAME}`])
  const nextEntities = { roles: [ROLE, 'former'], users: [], groups: [] }
  assert.deepEqual(steps(target({ document: NEW }), { ...beside, nextEntities }), [
    `update policy ${NAME}`,
    `detach policy ${NEXT} from role ${ROLE}`,
    `detach policy ${NEXT} from role former`,
    `delete policy ${NEXT}`,
  ])
})

test('a second policy that is attached to a user or a group stays; a second policy that is not ours is not written', () => {
  const full = observed({ policy: policy(OLD), attached, next: nextPolicy(NEW) })
  for (const who of [{ users: ['u'] }, { groups: ['g'] }]) {
    const nextEntities = { roles: [ROLE], users: [], groups: [], ...who }
    assert.deepEqual(steps(target({ document: NEW }), { ...full, nextEntities }), [
      `update policy ${NAME}`,
      `detach policy ${NEXT} from role ${ROLE}`,
    ])
  }
  const foreign = { ...full, next: nextPolicy(NEW, false) }
  assert.throws(() => decideSteps(target({ document: NEW, phase: 'widen' }), foreign), { code: 'POLICY_NOT_OURS' })
  assert.deepEqual(steps(target({ document: NEW }), foreign), [`update policy ${NAME}`])
})

test('a second policy stays while a cluster of another list, or a failed one, may need it', () => {
  const nextEntities = { roles: [ROLE], users: [], groups: [] }
  const found = observed({ policy: policy(pull('a')), attached, next: nextPolicy(NEW), nextEntities })
  assert.equal(steps(target({ members: undefined }), found).length, 2)
  // The description names no member.
  assert.deepEqual(steps(target({ members: ['c-a'] }), found), [])
  assert.deepEqual(steps(target({ leftovers: { keep: 'b failed' } }), found), [])
})

test('nothing is kept for another list if nothing is left over or the policy does not exist', () => {
  const shared = target({ members: ['c-a'] })
  const unrecorded = observed({ policy: policy(pull('a')) })
  assert.equal(keepsLeftovers(shared, unrecorded), undefined)
  assert.equal(keepsLeftovers({ ...shared, leftovers: 'detach' }, observed()), undefined)
  assert.equal(
    keepsLeftovers({ ...shared, leftovers: 'detach' }, unrecorded),
    'its description does not record which clusters need it',
  )
})

test('a policy without our mark has no members of another list', () => {
  const shared = target({ members: ['c-a'] })
  assert.deepEqual(foreignMembers(shared, observed({ policy: policy(pull('a')) })), [MORE_MEMBERS])
  assert.deepEqual(foreignMembers(shared, observed({ policy: policy(pull('a'), false) })), [])
})

test('a change that neither policy has room for is rejected with the alternative', () => {
  const full = observed({ policy: policy(OLD), attached, next: nextPolicy(NEW) })
  assert.throws(() => decideSteps(target({ document: pull('z'.repeat(5000)), phase: 'widen' }), full), {
    code: 'POLICY_TOO_LARGE',
    hint: /^Deploy the former values again with verification/,
  })
})

const holders = { roles: [ROLE, 'former'], users: ['u'], groups: [] }

test('a role of an earlier identity loses the policy in the narrow phase, and not before', () => {
  const found = observed({ policy: policy(pull('a')), attached, entities: holders })
  assert.deepEqual(steps(target({ leftovers: 'detach' }), found), [`detach policy ${NAME} from role former`])
  assert.deepEqual(steps(target({ leftovers: 'detach', phase: 'widen' }), found), [])
  assert.deepEqual(steps(target({ leftovers: { keep: 'b failed' } }), found), [])
  assert.deepEqual(steps(target(), found), [])
})

test('if no document is desired, every role loses the policy; a policy without our mark stays', () => {
  const nothing = target({ document: undefined, leftovers: 'detach' })
  const found = observed({ policy: policy(pull('a')), attached, entities: holders })
  assert.deepEqual(
    steps(nothing, found),
    [ROLE, 'former'].map((one) => `detach policy ${NAME} from role ${one}`),
  )
  assert.deepEqual(steps(nothing, { ...found, policy: policy(pull('a'), false) }), [])
})

test('a shared policy is detached from its role only if its record names only this list', () => {
  const shared = target({ document: undefined, leftovers: 'detach', members: ['c-a', 'c-b'] })
  const recorded = (...members: string[]): ObservedPolicy => {
    const own = policy(pull('a'))
    assert.ok(own)
    return observed({
      policy: { ...own, description: ownDescription('clusters', members) },
      attached,
      entities: holders,
    })
  }
  assert.equal(steps(shared, recorded('c-a', 'c-b')).length, 2)
  const used = target({ phase: 'widen', members: ['c-b', 'c-a'] })
  assert.deepEqual(steps(used, recorded('c-x', 'c-b')), [`record who uses policy ${NAME}: c-a, c-b, c-x`])
  assert.deepEqual(steps(used, recorded('c-a', 'c-b')), [])
  assert.deepEqual(steps(shared, recorded('c-a', 'c-x')), [])
  assert.deepEqual(steps(shared, recorded()), [])
})

test('a shared policy keeps its permissions if somebody edited its description so that it names nobody', () => {
  const edited = observed({ policy: policy(pull('a', 'of another list')), attached, entities: holders })
  const narrow = target({ members: ['c-a', 'c-b'], leftovers: 'detach' })
  // This list is not recorded either. As the only member, it would look as if nobody else needed
  // the policy.
  for (const phase of ['widen', 'narrow'] as const) assert.deepEqual(steps({ ...narrow, phase }, edited), [])
  const [added] = decideSteps({ ...narrow, document: pull('b') }, edited)
  assert.deepEqual(added?.do === 'update-policy' && added.after, pull('a', 'b', 'of another list'))
  assert.deepEqual(steps({ ...narrow, adopt: true }, edited).slice(0, 2), [
    `record who uses policy ${NAME}: c-a, c-b`,
    `update policy ${NAME}`,
  ])
})

const withTrust = (changes: Partial<PolicyTarget> = {}, create = true) =>
  target({ roles: [], trust: { role: 'r', statements: [ours], create }, ...changes })

test('rrsa: our own role is created if it is missing, before it gets its policy', () => {
  const found = observed({ attached: new Map([['r', undefined]]) })
  assert.deepEqual(steps(withTrust(), found), [
    'create role r',
    `create policy ${NAME}`,
    `attach policy ${NAME} to role r`,
  ])
  assert.throws(() => decideSteps(withTrust({}, false), found), { code: 'POLICY_ROLE_MISSING' })
})

test('rrsa: our own role trusts old and new while widening, and finally only the desired ServiceAccount', () => {
  const found = observed({
    trustRole: role([subject('former')], true),
    policy: policy(pull('a')),
    attached: new Map([['r', [{ name: NAME, custom: true }]]]),
  })
  const [widen] = decideSteps(withTrust({ phase: 'widen' }), found)
  const [narrow] = decideSteps(withTrust(), found)
  assert.equal(widen?.do === 'update-trust' && widen.after.Statement.length, 2)
  assert.deepEqual(narrow?.do === 'update-trust' && narrow.after.Statement, [ours])
})

test('rrsa: if the issuer is not verified, no trust is removed, and none is added to a role that trusts another candidate', () => {
  const trustOf = (changes: Partial<PolicyTarget>, found: object[]) =>
    decideSteps(withTrust(changes), observed({ trustRole: role(found, true) })).flatMap((step) =>
      step.do === 'update-trust' ? step.after.Statement.length : [],
    )
  const candidate = subject('another-candidate')
  const trust = { role: 'r', statements: [ours], create: true, alternatives: [subject('a-third-one'), candidate] }
  assert.deepEqual(trustOf({ trust }, [subject('former')]), [2])
  assert.deepEqual(trustOf({ trust }, [candidate]), [])
})

test('P9 rrsa: a role of another client gets our statement, and its other statements stay word for word', () => {
  const [step] = decideSteps(withTrust(), observed({ trustRole: role([foreignTrust], false) }))
  assert.deepEqual(step?.do === 'update-trust' && step.after.Statement, [foreignTrust, ours])
  const settled = observed({ trustRole: role([foreignTrust, ours], false) })
  assert.deepEqual(
    steps(withTrust(), settled).filter((text) => text.includes('trust')),
    [],
  )
})

test('a trust policy that is no document is named by its role', () => {
  const found = observed({ trustRole: { name: 'r', description: '', trust: '{', ours: true } })
  assert.throws(() => decideSteps(withTrust(), found), { code: 'POLICY_UNREADABLE', message: /of role r is not/ })
})

test('without cloud registries there is no policy, but still a trusted role', () => {
  assert.deepEqual(steps(target({ document: undefined }), observed()), [])
})

const entities = (changes: Partial<PolicyEntities> = {}): PolicyEntities => ({
  roles: [ROLE],
  users: [],
  groups: [],
  ...changes,
})
const removal = (found: ObservedPolicy, who?: PolicyEntities, of = target()) => {
  const { steps: todo, kept } = decideRemoval(of, found, who)
  return { steps: todo.map(describeStep), kept }
}

test('P9 removal detaches and deletes what is ours', () => {
  assert.deepEqual(removal(observed({ policy: policy(pull('a')) }), entities()), {
    steps: [`detach policy ${NAME} from role ${ROLE}`, `delete policy ${NAME}`],
    kept: [],
  })
  assert.deepEqual(removal(observed()), { steps: [], kept: [] })
})

test('P9 removal leaves and reports what is not ours and what others still use', () => {
  assert.deepEqual(removal(observed({ policy: policy(pull('a'), false) })), {
    steps: [],
    kept: [`policy ${NAME}: it was not made by acr-nopass`],
  })
  assert.deepEqual(
    removal(
      observed({ policy: policy(pull('a')) }),
      entities({ roles: [ROLE, 'other'], users: ['ann'], groups: ['ops'] }),
    ),
    {
      steps: [`detach policy ${NAME} from role ${ROLE}`],
      kept: [`policy ${NAME}: still attached to role other, user ann, group ops`],
    },
  )
})

test('P9 removal keeps a shared policy if its description does not record which clusters need it', () => {
  const shared = target({ members: ['c-a'] })
  const own = policy(pull('a'))
  assert.ok(own)
  const described = (description: string): ObservedPolicy => observed({ policy: { ...own, description } })
  assert.deepEqual(removal(described('edited by hand'), entities(), shared), {
    steps: [],
    kept: [`policy ${NAME}: its description does not record which clusters need it`],
  })
  assert.deepEqual(removal(described(ownDescription('clusters', ['c-a'])), entities(), shared), {
    steps: [`detach policy ${NAME} from role ${ROLE}`, `delete policy ${NAME}`],
    kept: [],
  })
  const next = { next: nextPolicy(NEW), nextEntities: entities() }
  assert.deepEqual(removal({ ...described(ownDescription('clusters', ['c-x'])), ...next }, entities(), shared), {
    steps: [],
    kept: [`policy ${NAME}: the cluster c-x of another list still needs it`],
  })
})

test('P9 removal deletes our own role, unless it got other policies meanwhile', () => {
  const mine = (others: string[], custom = true) =>
    removal(
      observed({
        trustRole: role([ours], true),
        attached: new Map([['r', [{ name: NAME, custom: true }, ...others.map((name) => ({ name, custom }))]]]),
      }),
      undefined,
      withTrust(),
    )
  assert.deepEqual(mine([]), { steps: ['delete role r'], kept: [] })
  assert.deepEqual(mine([NEXT]), { steps: ['delete role r'], kept: [] })
  assert.deepEqual(mine([NAME], false), { steps: [], kept: [`role r: it has other policies: ${NAME}`] })
  assert.deepEqual(removal(observed(), undefined, withTrust()), { steps: [], kept: [] })
  assert.deepEqual(mine(['extra']), { steps: [], kept: ['role r: it has other policies: extra'] })
})

test('P9 removal takes only our statement out of a role of another client', () => {
  const [step] = decideRemoval(withTrust(), observed({ trustRole: role([foreignTrust, ours], false) }), undefined).steps
  assert.deepEqual(step?.do === 'update-trust' && step.after.Statement, [foreignTrust])
  assert.deepEqual(removal(observed({ trustRole: role([foreignTrust], false) }), undefined, withTrust()), {
    steps: [],
    kept: [],
  })
  assert.deepEqual(removal(observed({ trustRole: role([ours], false) }), undefined, withTrust()).kept, [
    'role r: the statement of acr-nopass is the only one in its trust policy',
  ])
  const unreadable = observed({ trustRole: { name: 'r', description: '', trust: '{', ours: false } })
  assert.throws(() => removal(unreadable, undefined, withTrust()), { message: /of role r is not/ })
})

test('rrsa: a role that the user named keeps its trust in other clusters, even if acr-nopass created it', () => {
  const other = rrsaStatement({
    oidcProviderArn: 'acs:ram::1:oidc-provider/c2',
    issuer: 'https://other',
    namespace: 'acr-nopass',
    serviceAccount: 'acr-nopass',
  })
  const shared = role([other, ours], true)
  const isTrust = (text: string): boolean => text.includes('trust')
  assert.deepEqual(steps(withTrust({}, false), observed({ trustRole: shared })).filter(isTrust), [])
  const added = decideSteps(withTrust({}, false), observed({ trustRole: role([other], true) }))[0]
  assert.deepEqual(added?.do === 'update-trust' && added.after.Statement, [other, ours])
  const removed = decideRemoval(withTrust({}, false), observed({ trustRole: shared }), undefined).steps
  assert.deepEqual(
    removed.map((step) => step.do === 'update-trust' && step.after.Statement),
    [[other]],
  )
  assert.deepEqual(removal(observed({ trustRole: shared }), undefined, withTrust()), {
    steps: [],
    kept: ['role r: its trust policy also allows other principals'],
  })
})

test('a role keeps its policy if the user writes its name in other letter cases than RAM, because both names may mean one role', () => {
  // The ARN that a user copies may have the name in lower case, as acr-nopass itself writes it
  // (cluster-targets.ts). ListEntitiesForPolicy returns names as they were created. It is not
  // documented whether RAM distinguishes these names.
  const small = ROLE.toLowerCase()
  const found = observed({
    policy: policy(pull('a')),
    attached: new Map([[small, [{ name: NAME, custom: true }]]]),
    entities: { roles: [ROLE, 'former'], users: [], groups: [] },
  })
  const desired = target({ roles: [small], leftovers: 'detach' })
  assert.deepEqual(steps(desired, found), [`detach policy ${NAME} from role former`])
})
