import { createHmac, randomBytes } from 'node:crypto'
import { type JsonObject, textOf } from '../../lib/json.ts'

/** A login as Docker keeps it. */
export interface DockerLogin {
  readonly domain: string
  readonly username: string
  readonly password: string
}

/** The facts that identify a stored login, without secrets. */
export interface StoredLogin {
  readonly domain: string
  /** The suffix of the credential helper that has the login; null: the login is in `auths`. */
  readonly helper: string | null
  readonly salt: string
  readonly digest: string
}

/**
 * What `removeLogins` needs. It is plain JSON, and holds no secret except a salted digest per
 * login.
 */
export interface LoginReceipt {
  readonly version: 1
  readonly config: 'merge' | 'isolated'
  /** The folder that `DOCKER_CONFIG` must name while the logins are used. */
  readonly folder: string
  readonly logins: readonly StoredLogin[]
}

/** Marks a login, so that it can be recognised later. A random salt prevents comparing receipts. */
export function markLogin(login: DockerLogin, helper: string | null): StoredLogin {
  const salt = randomBytes(16).toString('hex')
  return { domain: login.domain, helper, salt, digest: digestOf(login, salt) }
}

/** True if a login that was found is exactly the login that was stored. */
export function isStored(stored: StoredLogin, found: Omit<DockerLogin, 'domain'>): boolean {
  return digestOf({ ...found, domain: stored.domain }, stored.salt) === stored.digest
}

/** Reads a receipt from JSON. If a member has a wrong type, the receipt matches no login. */
export function readStored({ domain, helper, salt, digest }: JsonObject | StoredLogin): StoredLogin {
  const suffix = typeof helper === 'string' ? helper : null
  return { domain: textOf(domain), helper: suffix, salt: textOf(salt), digest: textOf(digest) }
}

function digestOf({ domain, username, password }: DockerLogin, salt: string): string {
  return createHmac('sha256', salt)
    .update(JSON.stringify([domain, username, password]))
    .digest('hex')
}
