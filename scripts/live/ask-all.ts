import { hasCode } from '../../src/errors.ts'
import { askClusterList } from './ask/cluster-list.ts'
import { askLoginEnd } from './ask/login-end.ts'
import {
  askExistingProvider,
  askFingerprint,
  exchangeOnce,
  judgeExisting,
  type OidcInput,
  providerArnOf,
  readOidcInput,
} from './ask/oidc.ts'
import { judgeLimit, judgeUnknown, openEnterprisePulls, openPersonalPulls, type Pulls } from './ask/pulls.ts'
import { askEffect, askRead } from './ask/ram-lag.ts'
import { createMatchingQuestions } from './ask/ram-matching.ts'
import { askStopped } from './ask/stopped-instance.ts'
import { askEndsWithSession, askExpiresInHours } from './ask/token-life.ts'
import { askVpcLink } from './ask/vpc-link.ts'
import { notAnswered, type Verdict } from './evidence.ts'
import { FINGERPRINT_IDS, MATCH_IDS } from './names.ts'
import { codeOf } from './ram-objects.ts'
import type { Ask, Stage } from './stage.ts'

/**
 * Asks every question that the options and the account permit, in an order that shares the role.
 * Returns why the questions without an answer could not be asked, if there is one reason.
 */
export async function askAll(stage: Stage, ask: Ask): Promise<string | undefined> {
  const { options, signal } = stage
  const { stoppedInstance } = options
  if (stoppedInstance !== undefined) await ask('STOPPED_INSTANCE', () => askStopped(stage, stoppedInstance))
  await ask('CLUSTER_LIST_REGIONS', () => askClusterList(stage))
  try {
    await stage.createRole()
  } catch (error) {
    if (signal.aborted) throw error
    return `the role cannot be used: ${codeOf(error)}`
  }
  const askMatching = await createMatchingQuestions(stage)
  await ask('RAM_READ', () => askRead(stage))
  const { facts } = await ask('RAM_EFFECT', () => askEffect(stage))
  if (facts.seen !== true) return 'the policy of the role did not take effect'
  for (const id of MATCH_IDS) await ask(id, () => askMatching(id, Number(facts.seconds)))
  await ask('TOKEN_EXPIRES_IN_HOURS', () => askExpiresInHours(stage))
  await ask('TOKEN_ENDS_WITH_SESSION', () => askEndsWithSession(stage))
  const pulls = await askEnterprise(stage, ask)
  await askPersonal(stage, ask)
  await askProviders(stage, ask, pulls)
  await ask('VPC_LINK_UNAUTHORIZED', () => askVpcLink(stage))
  await ask('LOGIN_ENDS_WITH_RIGHTS', async () =>
    pulls === undefined ? notAnswered('the registry could not be asked') : askLoginEnd(stage, pulls),
  )
  return undefined
}

async function askEnterprise(stage: Stage, ask: Ask): Promise<Pulls | undefined> {
  let pulls: Pulls | undefined
  await ask('SESSION_POLICY_ENTERPRISE', async () => {
    pulls = await openEnterprisePulls(stage)
    return askLimited(stage, pulls)
  })
  await ask('UNKNOWN_REPOSITORY', async () =>
    pulls === undefined
      ? notAnswered('the registry could not be asked')
      : judgeUnknown(pulls.controls, await pulls.askUnknown()),
  )
  return pulls
}

async function askLimited(stage: Stage, pulls: Pulls): Promise<Verdict> {
  const limited = await pulls.ask(await stage.openSession({ policy: pulls.policy }))
  return judgeLimit(pulls.controls, limited, hintOf(stage))
}

const hintOf = ({ options }: Stage): string =>
  options.otherRepository === undefined ? ', whose name is invented: name a second one with --other-repository' : ''

async function askPersonal(stage: Stage, ask: Ask): Promise<void> {
  const { personal } = stage.options
  if (personal === undefined) return
  await ask('SESSION_POLICY_PERSONAL', async () => {
    try {
      const pulls = await openPersonalPulls(stage, personal)
      const limited = await pulls.ask(await stage.openSession({ policy: pulls.policy }))
      return judgeLimit(pulls.controls, limited, ', whose name is invented')
    } catch (error) {
      if (!hasCode(error, 'CLOUD_NOT_FOUND')) throw error
      return notAnswered('the account has no Personal Edition that was created before 2024-09-09')
    }
  })
}

async function askProviders(stage: Stage, ask: Ask, pulls: Pulls | undefined): Promise<void> {
  const input = await readOidcInput(stage)
  if (input === undefined) return
  if (typeof input === 'string') {
    for (const id of [...FINGERPRINT_IDS, 'SESSION_POLICY_OIDC'] as const) await ask(id, async () => notAnswered(input))
    return
  }
  const askLimit = (arn: string) => ask('SESSION_POLICY_OIDC', () => askLimitedByToken(stage, pulls, input, arn))
  const isLimitAsked =
    input.provider === undefined
      ? await askOwnProviders(stage, ask, input, askLimit)
      : await askGivenProvider(stage, ask, input, input.provider, askLimit)
  if (!isLimitAsked) {
    await ask('SESSION_POLICY_OIDC', async () => notAnswered('STS accepted the token with no provider'))
  }
}

type AskLimit = (providerArn: string) => Promise<Verdict>

/** Creates one provider after the other. Returns true if STS accepted one. */
async function askOwnProviders(stage: Stage, ask: Ask, input: OidcInput, askLimit: AskLimit): Promise<boolean> {
  let isLimitAsked = false
  for (const id of FINGERPRINT_IDS) {
    const { facts } = await ask(id, () => askFingerprint(stage, id, input))
    if (facts.exchange === 'accepted' && !isLimitAsked) {
      isLimitAsked = true
      await askLimit(providerArnOf(stage, id))
    }
    await deleteProvider(stage, stage.names.provider(id))
  }
  return isLimitAsked
}

/**
 * Asks with an existing provider, which the run did not create. Returns true if STS accepted it.
 */
async function askGivenProvider(
  stage: Stage,
  ask: Ask,
  input: OidcInput,
  arn: string,
  askLimit: AskLimit,
): Promise<boolean> {
  let found: Awaited<ReturnType<typeof askExistingProvider>> | undefined
  for (const id of FINGERPRINT_IDS) {
    await ask(id, async () => {
      found ??= await askExistingProvider(stage, arn, input)
      return judgeExisting(id, found.exchange, found.fingerprints, input.chain)
    })
  }
  if (found?.exchange.kind !== 'accepted') return false
  await askLimit(arn)
  return true
}

async function askLimitedByToken(
  stage: Stage,
  pulls: Pulls | undefined,
  { token }: OidcInput,
  oidcProviderArn: string,
): Promise<Verdict> {
  if (pulls === undefined) return notAnswered('the pulls without a session policy could not be asked')
  const session = await exchangeOnce(stage, { oidcProviderArn, oidcToken: token, policy: pulls.policy })
  return judgeLimit(pulls.controls, await pulls.ask(session), hintOf(stage))
}

/** RAM allows one provider of an issuer. A provider that is not deleted here stays recorded. */
async function deleteProvider({ recorder, objects }: Stage, name: string): Promise<void> {
  if (!recorder.record.objects.some((object) => object.name === name)) return
  await objects.delete('oidc-provider', name).then(
    () => recorder.forget('oidc-provider', name),
    () => undefined,
  )
}
