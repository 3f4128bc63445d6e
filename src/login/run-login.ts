import { hostOf } from '../acr/registry-domains.ts'
import type { RegistryToken } from '../acr/registry-token.ts'
import { idTokenSource } from '../alibaba/identities/github-token.ts'
import { maskOnce } from '../alibaba/identities/masking.ts'
import { sessionNameOf } from '../alibaba/identities/session-name.ts'
import type { CloudTransport } from '../alibaba/transport/cloud-transport.ts'
import { createEndpoints, type Endpoints, readLoginEndpoints } from '../alibaba/transport/endpoints.ts'
import type { NopassError } from '../errors.ts'
import { type Clock, sleep } from '../lib/clock.ts'
import { parseGoDuration } from '../lib/go-duration.ts'
import type { RepositoryAccess } from '../policy/policy-document.ts'
import { checkLogin, type RepositoryCheck } from './check-login.ts'
import { chooseRegistries } from './choose-registries.ts'
import type { LoginReceipt } from './docker-config/receipt.ts'
import { type StoreRequest, storeLogins } from './docker-config/store-logins.ts'
import { helperEnvironment } from './helper-environment.ts'
import { judgeLogin, lifeNotes, limitNotes, refuseSharedDomains, refuseShort } from './judge-login.ts'
import type { LoginInputs } from './login-inputs.ts'
import { openIdentity } from './open-identity.ts'
import { type OpenedRegistry, openRegistry } from './open-registry.ts'
import { readValues, type ValuesDeps } from './read-values.ts'

/** The differences between the action and the command line tool. */
export interface LoginHost extends ValuesDeps, Pick<StoreRequest, 'temporaryFolder' | 'holder'> {
  readonly environment: NodeJS.ProcessEnv
  readonly transport: CloudTransport
  readonly clock: Clock
  readonly pid: number
  /** `DOCKER_CONFIG`, or `~/.docker`. */
  readonly dockerFolder: string
  /** Called with every secret before it is used. */
  readonly mask: (secret: string) => void
  /** Called for each thing that the user should know. */
  readonly report: (line: string) => void
  /** Called with the receipt before anything is written. */
  readonly record: (receipt: LoginReceipt) => void
}

/** What a login to one registry may do. */
export interface PlannedLogin {
  /** Names of the entries, or the input `registry`. */
  readonly name: string
  readonly instanceId: string | undefined
  readonly region: string | undefined
  readonly access: RepositoryAccess
  readonly repositories: readonly string[]
  /** The policy of the session; undefined: the login has all rights of the access key. */
  readonly policy: string | undefined
}

/** A registry that the job is logged in to. */
export interface LoggedIn extends PlannedLogin {
  /** The hosts of the login; first the host that answered. */
  readonly domains: readonly string[]
  readonly username: string
  /** Epoch milliseconds on the cloud's clock. */
  readonly expiresAt: number
  /** What the registry showed. */
  readonly checks: readonly RepositoryCheck[]
}

export interface LoginOutcome {
  /** Errors in values. If there are any, nothing was started. */
  readonly errors: readonly NopassError[]
  /** In a dry run: what would be done. `logins` is then empty. */
  readonly planned: readonly PlannedLogin[]
  readonly logins: readonly LoggedIn[]
  /** What `DOCKER_CONFIG` must name for the steps that use the logins. */
  readonly dockerConfigFolder: string
}

/**
 * Logs in to registries: gets a token for each, lets the registry confirm it, and stores all logins
 * or none (docs/en/decisions.md#login). A dry run only looks up the registries.
 * @throws NopassError
 */
export async function runLogin(
  inputs: LoginInputs & { readonly isDryRun: boolean },
  host: LoginHost,
  signal: AbortSignal,
): Promise<LoginOutcome> {
  const minLifeMs = parseGoDuration(inputs['min-life'], 'min-life') * 1000
  const { values, errors } = readValues(inputs, host)
  const nothing = { errors, planned: [], logins: [], dockerConfigFolder: host.dockerFolder }
  if (errors.length > 0) return nothing
  const { registries, notes } = chooseRegistries(inputs, values)
  for (const note of notes) host.report(note)
  const overrides = readLoginEndpoints(inputs.endpoints)
  // Runners are outside the VPC, so public endpoints are used unless an override is set.
  const endpoints = createEndpoints({ overrides, network: 'public' })
  const deps = await openCloud(inputs, host, endpoints)
  const opened: OpenedRegistry[] = []
  for (const registry of registries) opened.push(await openRegistry(registry, deps, signal))
  const planned = opened.map(describePlan)
  for (const note of opened.flatMap(limitNotes)) host.report(note)
  if (inputs.isDryRun) return { ...nothing, planned }
  const ready: ReadyLogin[] = []
  for (const one of opened) ready.push(await getLogin(one, { ...host, endpoints, minLifeMs }, signal))
  const logins = ready.map(({ login }) => login)
  refuseSharedDomains(logins)
  signal.throwIfAborted()
  const { dockerConfigFolder, replaced } = await store(ready, inputs.config, host, signal)
  if (replaced.length > 0) {
    const what = 'this login replaces the login of an earlier step, and can use only its own repositories'
    host.report(`${replaced.join(', ')}: ${what}`)
  }
  return { errors, planned, logins, dockerConfigFolder }
}

async function openCloud(inputs: LoginInputs, host: LoginHost, endpoints: Endpoints) {
  const { transport, environment } = host
  const mask = maskOnce(host.mask)
  const identity = await openIdentity(inputs, {
    transport,
    endpoint: endpoints.url('sts', inputs.region),
    environment,
    getIdToken: idTokenSource(environment, transport.send, mask),
    sessionName: inputs['role-session-name'] || sessionNameOf(environment),
    mask,
  })
  return { transport, endpoints, identity, sessionSeconds: inputs['session-duration'] }
}

interface ReadyLogin {
  readonly login: LoggedIn
  readonly token: RegistryToken
}

interface GetDeps extends Pick<LoginHost, 'transport' | 'clock' | 'mask' | 'report'> {
  readonly endpoints: Endpoints
  readonly minLifeMs: number
}

/** Gets a token, and lets the registry confirm it. */
async function getLogin(opened: OpenedRegistry, deps: GetDeps, signal: AbortSignal): Promise<ReadyLogin> {
  const { transport, clock, endpoints, minLifeMs } = deps
  const { probe, named, access, repositories, config } = opened.chosen
  const token = await opened.requestToken(signal)
  const { username, password, expiresAt, domains } = token
  deps.mask(password)
  // The form in which a Docker configuration holds it.
  deps.mask(Buffer.from(`${username}:${password}`).toString('base64'))
  refuseShort(opened, expiresAt, { minLifeMs, now: transport.clock.now() })
  for (const note of lifeNotes(opened, expiresAt, transport.clock.now())) deps.report(note)
  const isLimited = opened.policy !== undefined
  const request = { token, named, repositories, probe, access, isLimited, registry: endpoints.registry() }
  const pause = (ms: number, until: AbortSignal): Promise<void> => sleep(clock, ms, until)
  const evidence = await checkLogin(request, { send: transport.send, sleep: pause }, signal)
  for (const note of judgeLogin(config.name, evidence)) deps.report(note)
  const answered = evidence.answered === undefined ? [] : [evidence.answered]
  const hosts = [...new Set([...answered, ...domains].map(hostOf))]
  const plan = describePlan(opened)
  return {
    token,
    login: { ...plan, domains: hosts, username, expiresAt: expiresAt ?? 0, checks: evidence.repositories },
  }
}

function store(ready: readonly ReadyLogin[], config: LoginInputs['config'], host: LoginHost, signal: AbortSignal) {
  const { dockerFolder: folder, temporaryFolder, holder, pid, clock, environment, transport } = host
  const lives = Math.min(...ready.map(({ login }) => login.expiresAt)) - transport.clock.now()
  const request: StoreRequest = {
    folder,
    config,
    temporaryFolder,
    holder,
    // Other jobs compare it with the clock of this machine.
    expiresAt: clock.now() + lives,
    logins: ready.flatMap(({ login, token: { username, password } }) =>
      login.domains.map((domain) => ({ domain, username, password })),
    ),
  }
  return storeLogins(request, { pid, clock, environment: helperEnvironment(environment), signal }, host.record)
}

function describePlan({ chosen, policy }: OpenedRegistry): PlannedLogin {
  const { config, access, repositories } = chosen
  return { name: config.name, instanceId: config.instanceId, region: config.region, access, repositories, policy }
}
