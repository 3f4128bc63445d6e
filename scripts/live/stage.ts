import { getInstance } from '../../src/alibaba/cr.ts'
import type { Credentials } from '../../src/alibaba/credentials.ts'
import { createAssumedRoleProvider } from '../../src/alibaba/identities/assumed-role.ts'
import { assumeRole, getCallerIdentity } from '../../src/alibaba/sts.ts'
import { hasCode, NopassError } from '../../src/errors.ts'
import { type PolicyDocument, policyOf } from '../../src/policy/normal-form.ts'
import { policyDocument } from '../../src/policy/policy-document.ts'
import { roleTrustDocument } from '../../src/policy/trust-document.ts'
import { TestbedError } from '../../tools/testbed-error.ts'
import type { Verdict } from './evidence.ts'
import { type LiveDeps, RAM_PACE, targetOf, waitFor } from './live-deps.ts'
import { namesOf } from './names.ts'
import type { LiveOptions } from './options.ts'
import type { QuestionId } from './questions.ts'
import { codeOf, createRamObjects } from './ram-objects.ts'
import type { Recorder } from './record.ts'

/** The longest and the shortest session of a role, in seconds. */
const LONGEST_SESSION = 43_200
const SHORTEST_SESSION = 900

/** Asks one question, and keeps its answer. */
export type Ask = (id: QuestionId, work: () => Promise<Verdict>) => Promise<Verdict>

/** Who runs the program: the account, and the ARN that the role trusts. */
export type Caller = Awaited<ReturnType<typeof identifyCaller>>

/**
 * Reads who calls, and that the instance exists.
 * @throws LIVE_CALLER for the account's own key, which may assume no role
 */
export async function identifyCaller(deps: LiveDeps, signal?: AbortSignal) {
  const service = targetOf(deps, 'sts', deps.caller)
  const { accountId, arn } = await getCallerIdentity(service, deps.caller, signal)
  const [, kind = '', name = ''] = /^acs:ram::\d+:(user|assumed-role)\/([^/]+)/.exec(arn) ?? []
  if (name === '') {
    throw new TestbedError('LIVE_CALLER', 'the credentials belong to the account itself, which may assume no role')
  }
  return { accountId, arn: `acs:ram::${accountId}:${kind === 'user' ? 'user' : 'role'}/${name}` }
}

/** @throws CLOUD_NOT_FOUND, CLOUD_DENIED */
export async function checkInstance(deps: LiveDeps, { region, instanceId }: LiveOptions, signal: AbortSignal) {
  const { status } = await getInstance(targetOf(deps, 'cr', deps.caller, { region, signal }), instanceId)
  if (status === 'RUNNING') return
  throw new TestbedError('LIVE_CALLER', `the instance ${instanceId} is ${status}, not RUNNING`, {
    hint: 'Name a running instance with --instance; name this one with --stopped-instance.',
  })
}

export type Stage = ReturnType<typeof createStage>

/** What the questions of a run share: the role, its sessions and its policies. */
export function createStage(
  options: LiveOptions,
  deps: LiveDeps,
  { caller, run, recorder, signal }: { caller: Caller; run: string; recorder: Recorder; signal: AbortSignal },
) {
  const { region, instanceId } = options
  const names = namesOf(run)
  const objects = createRamObjects(deps)
  const roleArn = `acs:ram::${caller.accountId}:role/${names.role}`
  const callerTrust = roleTrustDocument(caller.arn)
  const enterprise = { edition: 'enterprise' as const, instanceId, region }
  const personal = { edition: 'personal' as const, instanceId: '', region }

  /** Opens a session of the role. */
  const openSession = (more: { readonly policy?: string; readonly seconds?: number } = {}): Promise<Credentials> => {
    const { policy, seconds = SHORTEST_SESSION } = more
    const request = { roleArn, sessionName: names.role, durationSeconds: seconds, policy }
    return assumeRole(targetOf(deps, 'sts', deps.caller), deps.caller, request, signal)
  }

  const inventedOf = (repository: string): string => inventedBeside(repository, run)
  /** Returns the repository that a limited session must not pull. */
  const otherOf = (repository: string): string =>
    repository === options.repository && options.otherRepository !== undefined
      ? options.otherRepository
      : inventedOf(repository)

  /** Returns the product's own document for the named repositories. */
  const pullPolicy = (): PolicyDocument => {
    const repositoriesOf = (repository: string) => ({
      repositories: [repository, otherOf(repository), inventedOf(repository)],
      assumeRole: [],
    })
    const registries = [
      { ...enterprise, ...repositoriesOf(options.repository) },
      ...(options.personal === undefined ? [] : [{ ...personal, ...repositoriesOf(options.personal) }]),
    ]
    const document = policyDocument(registries, { scope: 'instance', accountId: caller.accountId })
    if (document === undefined) throw new NopassError('INTERNAL', 'the policy for pulls is empty')
    return document
  }

  /** A session of the role that is renewed, for questions that wait. */
  const role = createAssumedRoleProvider(deps.caller, [{ roleArn, durationSeconds: SHORTEST_SESSION }], {
    ...targetOf(deps, 'sts', deps.caller),
    sessionName: names.role,
  })

  return {
    options,
    deps,
    role,
    signal,
    names,
    objects,
    recorder,
    accountId: caller.accountId,
    roleArn,
    enterprise,
    personal,
    openSession,
    /**
     * Creates the role and waits until it can be assumed.
     * @throws LIVE_CALLER if the role cannot be assumed
     */
    async createRole(): Promise<void> {
      const role = { name: names.role, trust: callerTrust, seconds: LONGEST_SESSION, description: names.mark }
      await recorder.create('role', names.role, () => objects.createRole(role))
      let last = ''
      const tryIt = async () => {
        try {
          return await openSession()
        } catch (error) {
          // RAM's writes reach STS late.
          if (!hasCode(error, 'CLOUD_DENIED') && !hasCode(error, 'CLOUD_NOT_FOUND')) throw error
          last = codeOf(error)
          return undefined
        }
      }
      const { found, seconds } = await waitFor(tryIt, deps.clock, RAM_PACE, signal)
      if (found === undefined) {
        throw new TestbedError('LIVE_CALLER', `the new role cannot be assumed within ${seconds} s: ${last}`)
      }
    },
    /** Creates a policy. Its creation is recorded. */
    createPolicy: (name: string, document: PolicyDocument): Promise<void> =>
      recorder.create('policy', name, () => objects.createPolicy({ name, document, description: names.mark })),
    /** Lets the role be assumed by the caller, and by the tokens of a provider. */
    trustProvider: (provider: string, { issuer, audience, subject }: TokenClaims): Promise<unknown> => {
      const federated = {
        Effect: 'Allow',
        Action: ['sts:AssumeRole'],
        Principal: { Federated: [provider] },
        Condition: { StringEquals: { 'oidc:iss': [issuer], 'oidc:aud': [audience], 'oidc:sub': [subject] } },
      }
      return objects.setTrust(names.role, policyOf([...callerTrust.Statement, federated]))
    },
    pullPolicy,
    otherOf,
    /** Returns the name of a repository that does not exist, beside this one. */
    inventedOf,
  }
}

/** The claims of an OIDC token that RAM compares. */
export interface TokenClaims {
  readonly issuer: string
  readonly audience: string
  readonly subject: string
}

/** A name that does not exist, in the namespace of a repository. */
function inventedBeside(repository: string, run: string): string {
  return `${repository.slice(0, repository.indexOf('/'))}/acr-nopass-live-${run}`
}
