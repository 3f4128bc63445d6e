import { newId } from '../identifiers.ts'
import { isoDate } from '../operation.ts'
import type { CloudState, Session } from '../state.ts'

/** Hands out a session of a role and remembers it; `seconds` is what was asked for. */
export function openSession(
  state: CloudState,
  role: { readonly accountId: string; readonly name: string },
  sessionName: string,
  seconds: number,
  policy?: string,
): Session {
  const now = state.now()
  const life = Math.min(seconds, state.settings.maxSessionSeconds ?? seconds)
  for (const [id, session] of state.sessions) {
    // long dead sessions answer as unknown keys, as in the real cloud
    if (session.expiresAt < now - 24 * 3_600_000) state.sessions.delete(id)
  }
  const session: Session = {
    accessKeyId: newId.sessionKey(),
    secret: newId.secret(),
    token: newId.securityToken(),
    accountId: role.accountId,
    role: role.name,
    name: sessionName,
    policy,
    issuedAt: now,
    // whole seconds, as the answer shows it
    expiresAt: Math.floor(now / 1000) * 1000 + life * 1000,
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
