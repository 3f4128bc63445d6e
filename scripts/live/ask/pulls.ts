import { type PullVerdict, queryPull } from '../../../src/acr/query-manifest.ts'
import { chooseDomains, enterpriseDomains, personalDomains } from '../../../src/acr/registry-domains.ts'
import { getAuthorizationToken, getPersonalToken, listInstanceEndpoint } from '../../../src/alibaba/cr.ts'
import type { Credentials } from '../../../src/alibaba/credentials.ts'
import { sessionPolicy } from '../../../src/policy/session-policy.ts'
import type { Facts, Verdict } from '../evidence.ts'
import { no, notAnswered, yes } from '../evidence.ts'
import { RAM_PACE, targetOf, waitFor } from '../live-deps.ts'
import type { Stage } from '../stage.ts'

type Grant = PullVerdict['grant']

/** One item for each repository of the check: `own` is in the session policy, `other` is not. */
interface Pair<Item> {
  readonly own: Item
  readonly other: Item
}

export interface PullResponses {
  readonly anonymous: Pair<Grant>
  /** With a session of the role, which may pull both repositories. */
  readonly role: Pair<Grant>
}

/** The control pulls of an edition, and the functions that try the pulls to be judged. */
export interface Pulls {
  readonly controls: PullResponses
  /** The session policy for the repository `own` only. */
  readonly policy: string
  readonly ask: (credentials: Credentials) => Promise<Pair<Grant>>
  /** Tries to pull a repository that does not exist, as the role. */
  readonly askUnknown: () => Promise<Grant>
  /** Requests one login of the role, with which each call of the result tries to pull `own`. */
  readonly holdLogin: () => Promise<() => Promise<Grant>>
}

/** Tries pulls from the registry of the Enterprise instance, anonymously and as the role. */
export async function openEnterprisePulls(stage: Stage): Promise<Pulls> {
  const { deps, options, enterprise, signal } = stage
  const { region, instanceId } = enterprise
  const cr = (credentials: Credentials) => targetOf(deps, 'cr', credentials, { region, signal })
  const endpoints = await listInstanceEndpoint(cr(await stage.openSession()), instanceId)
  const own = enterpriseDomains(endpoints.filter(({ enabled }) => enabled))
  const [host = ''] = [options.domain ?? [], chooseDomains(own, [], 'public'), chooseDomains(own, [], 'all')].flat()
  const login = (credentials: Credentials) => getAuthorizationToken(cr(credentials), { instanceId })
  const policy = sessionPolicy(enterprise, [options.repository])
  return openPulls(stage, { host, repository: options.repository, policy, login })
}

/** The same for the Personal Edition. @throws CLOUD_NOT_FOUND if the account has none */
export async function openPersonalPulls(stage: Stage, repository: string): Promise<Pulls> {
  const { deps, personal, signal } = stage
  const { region } = personal
  const [host = ''] = chooseDomains(personalDomains(region), [], 'public')
  const login = (credentials: Credentials) => getPersonalToken(targetOf(deps, 'cr', credentials, { region, signal }))
  return openPulls(stage, { host, repository, policy: sessionPolicy(personal, [repository]), login })
}

interface Login {
  readonly username: string
  readonly password: string
}

const ANONYMOUS: Login = { username: '', password: '' }
/** No image has this tag, so nothing is pulled. */
const REFERENCE = 'acr-nopass-live'

async function openPulls(
  { deps, signal, openSession, otherOf, inventedOf }: Stage,
  given: {
    readonly host: string
    readonly repository: string
    readonly policy: string
    readonly login: (credentials: Credentials) => Promise<Login>
  },
): Promise<Pulls> {
  const { host, policy } = given
  const repositories = { own: given.repository, other: otherOf(given.repository) }
  const query = async (login: Login, repository: string): Promise<Grant> => {
    const registry = deps.endpoints.registry()
    const request = { ...login, host, repository, reference: REFERENCE, issuedByAcr: true, registry }
    return (await queryPull(deps.transport.send, request, signal)).grant
  }
  const queryBoth = async (login: Login): Promise<Pair<Grant>> => ({
    own: await query(login, repositories.own),
    other: await query(login, repositories.other),
  })
  const ask = async (credentials: Credentials) => queryBoth(await given.login(credentials))
  const anonymous = await queryBoth(ANONYMOUS)
  // The registry may see the role's rights later than the API does.
  let role = anonymous
  const look = async () => {
    role = await ask(await openSession())
    return role.own !== 'denied' || undefined
  }
  await waitFor(look, deps.clock, { ...RAM_PACE, everyMs: 5000 }, signal)
  const askUnknown = async () => query(await given.login(await openSession()), inventedOf(repositories.own))
  const holdLogin = async () => {
    const login = await given.login(await openSession())
    return () => query(login, repositories.own)
  }
  return { controls: { anonymous, role }, policy, ask, askUnknown, holdLogin }
}

/** Judges the response for a repository that does not exist and that the role may pull. */
export function judgeUnknown({ role }: PullResponses, unknown: Grant): Verdict {
  const facts = { roleOwn: role.own, roleUnknown: unknown }
  if (role.own !== 'granted') return notAnswered('the role is not granted the existing repository', facts)
  if (unknown === 'granted') return yes('the registry responded with 404', facts)
  if (unknown === 'denied') return no('the registry denied the unknown repository', facts)
  return notAnswered('the registry did not decide', facts)
}

/** Judges whether a limited session's token pulls its own repository and no other repository. */
export function judgeLimit(
  { anonymous, role }: PullResponses,
  limited: Pair<Grant>,
  /** Added to the reason if the registry does not show the other repository to the role. */
  hint: string,
): Verdict {
  const facts: Facts = {
    anonymousOwn: anonymous.own,
    anonymousOther: anonymous.other,
    roleOwn: role.own,
    roleOther: role.other,
    limitedOwn: limited.own,
    limitedOther: limited.other,
  }
  if ([anonymous.own, anonymous.other, role.own, role.other].includes('unknown')) {
    return notAnswered('the registry did not decide: its domain may not be reachable from here', facts)
  }
  if (anonymous.own === 'granted') return notAnswered('the repository is public', facts)
  if (anonymous.other === 'granted') return notAnswered('the other repository is public', facts)
  if (role.own !== 'granted')
    return notAnswered('the role is not granted the repository without a session policy', facts)
  if (role.other !== 'granted') {
    return notAnswered(`the role is not granted the other repository without a session policy${hint}`, facts)
  }
  if (limited.own === 'granted' && limited.other === 'denied') {
    return yes('the limited session is granted its own repository and denied the other one', facts)
  }
  if (limited.own === 'granted' && limited.other === 'granted') {
    return no('the limited session is granted both repositories', facts)
  }
  if (limited.own === 'denied') return no('the limited session is denied its own repository', facts)
  return notAnswered('the registry did not decide', facts)
}
