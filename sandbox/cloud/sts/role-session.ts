import { newId } from '../identifiers.ts'
import { ApiError, type Call, isoDate } from '../operation.ts'
import { parseArn, roleArn } from '../ram/arn.ts'
import { findEntity } from '../ram/entities.ts'
import { type CloudState, emptyRam, type Role, type Session } from '../state.ts'

/** Finds the role of `RoleArn`, in any account. */
export function findRoleByArn(call: Call): { readonly role: Role; readonly accountId: string } {
  const arn = parseArn(call.need('RoleArn'), 'role')
  if (arn === undefined) throw new ApiError(400, 'InvalidParameter.RoleArn', 'The parameter RoleArn is wrongly formed.')
  const role = findEntity(call.state.accounts.get(arn.accountId)?.ram ?? emptyRam(), 'Role', arn.name)
  return { role, accountId: arn.accountId }
}

/**
 * Creates a session and returns the part of the response that all AssumeRole operations share. The
 * session has the rights of the role and of its own policy only, also if the caller is a limited
 * session: "the permissions of the returned STS token are the intersection of the permissions
 * defined in this policy and the permissions granted by the role's policy" (AssumeRole).
 */
export function createSession(call: Call, accountId: string, role: Role, policy: string | undefined): object {
  const maxSeconds = role.maxSessionSeconds
  const seconds = Number(call.get('DurationSeconds') ?? Math.min(3600, maxSeconds))
  if (seconds > maxSeconds) {
    const message = `The Min/Max value of DurationSeconds is 15min/${maxSeconds / 3600}hr.`
    throw new ApiError(400, 'InvalidParameter.DurationSeconds', message)
  }
  const name = call.need('RoleSessionName')
  const session = openSession(call.state, { accountId, role: role.name, name, seconds, policy })
  const arn = `${roleArn(accountId, role.name).replace(':role/', ':assumed-role/')}/${name}`
  return {
    Credentials: credentialsView(session),
    AssumedRoleUser: { Arn: arn, AssumedRoleId: `${role.id}:${name}` },
  }
}

/** Opens a role session with the requested duration, which `maxSessionSeconds` may limit. */
export function openSession(
  state: CloudState,
  { seconds, ...requested }: Pick<Session, 'accountId' | 'role' | 'name' | 'policy'> & { readonly seconds: number },
): Session {
  const now = state.now()
  const lifetime = Math.min(seconds, state.settings.maxSessionSeconds ?? seconds)
  for (const [id, session] of state.sessions) {
    // As in the real cloud, the key of a session that expired long ago is reported as unknown.
    if (session.expiresAt < now - 24 * 3_600_000) state.sessions.delete(id)
  }
  const session: Session = {
    accessKeyId: newId.sessionKey(),
    secret: newId.secret(),
    token: newId.securityToken(requested.policy),
    ...requested,
    issuedAt: now,
    // Whole seconds, because responses show no milliseconds.
    expiresAt: Math.floor(now / 1000) * 1000 + lifetime * 1000,
  }
  state.sessions.set(session.accessKeyId, session)
  return session
}

export function credentialsView(session: Session): object {
  return {
    AccessKeyId: session.accessKeyId,
    AccessKeySecret: session.secret,
    SecurityToken: session.token,
    Expiration: isoDate(session.expiresAt),
  }
}
