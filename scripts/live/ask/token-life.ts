import { getAuthorizationToken } from '../../../src/alibaba/cr.ts'
import type { Credentials } from '../../../src/alibaba/credentials.ts'
import { hasCode } from '../../../src/errors.ts'
import { no, notAnswered, type Verdict, yes } from '../evidence.ts'
import { targetOf } from '../live-deps.ts'
import { codeOf } from '../ram-objects.ts'
import type { Stage } from '../stage.ts'

const HOUR_MS = 3_600_000
const ASKED_HOURS = 3
/** The session outlives the token that is asked for. */
const SESSION_SECONDS = 4 * 3600
/** Times of STS have whole seconds, and calls take time. */
const TOLERANCE_MS = 60_000

export async function askExpiresInHours({ openSession, ...stage }: Stage): Promise<Verdict> {
  const session = await openSession({ seconds: SESSION_SECONDS })
  const minutesOf = minutesFromNow(stage)
  const sessionMinutes = minutesOf(session.expiresAt)
  if (sessionMinutes < ASKED_HOURS * 60) {
    return notAnswered(`STS gave a session of ${sessionMinutes} minutes, which is shorter than the token`, {
      sessionMinutes,
    })
  }
  try {
    const { expiresAt } = await requestToken(stage, session, ASKED_HOURS)
    const facts = { askedHours: ASKED_HOURS, tokenMinutes: minutesOf(expiresAt), sessionMinutes }
    const because = `a token of ${ASKED_HOURS} hours was asked for, and it lives ${facts.tokenMinutes} minutes`
    const isHonoured =
      Math.abs(expiresAt - stage.deps.transport.clock.now() - ASKED_HOURS * HOUR_MS) <= 10 * TOLERANCE_MS
    return isHonoured ? yes(because, facts) : no(because, facts)
  } catch (error) {
    if (!hasCode(error, 'CLOUD_REJECTED')) throw error
    return no(`the parameter is refused: ${codeOf(error)}`, { askedHours: ASKED_HOURS, sessionMinutes })
  }
}

export async function askEndsWithSession({ openSession, ...stage }: Stage): Promise<Verdict> {
  const session = await openSession()
  const minutesOf = minutesFromNow(stage)
  const { expiresAt } = await requestToken(stage, session)
  const facts = { tokenMinutes: minutesOf(expiresAt), sessionMinutes: minutesOf(session.expiresAt) }
  const because = `the session lives ${facts.sessionMinutes} minutes, and its token ${facts.tokenMinutes}`
  const laterMs = expiresAt - (session.expiresAt ?? 0)
  if (laterMs > TOLERANCE_MS) return no(because, facts)
  // A token that expires far earlier does not show that the session limits it.
  return laterMs < -TOLERANCE_MS ? notAnswered(because, facts) : yes(because, facts)
}

type Asked = Pick<Stage, 'deps' | 'enterprise' | 'signal'>

function requestToken({ deps, enterprise, signal }: Asked, credentials: Credentials, expiresInHours?: number) {
  const { region, instanceId } = enterprise
  return getAuthorizationToken(targetOf(deps, 'cr', credentials, { region, signal }), { instanceId, expiresInHours })
}

const minutesFromNow =
  ({ deps }: Asked) =>
  (time: number | undefined): number =>
    Math.round(((time ?? 0) - deps.transport.clock.now()) / 60_000)
