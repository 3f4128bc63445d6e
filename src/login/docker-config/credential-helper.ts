import { execFile } from 'node:child_process'
import { type ErrorDetails, NopassError } from '../../errors.ts'
import { isRecord, textOf } from '../../lib/json.ts'
import { orElse } from '../../lib/or-else.ts'
import { withoutCredentials } from '../../printable.ts'
import type { AuthEntry } from './config-text.ts'
import type { DockerLogin } from './receipt.ts'

/** A helper may wait for a key chain; nobody can unlock it in a job. */
const TIMEOUT_MS = 60_000
/** https://github.com/docker/docker-credential-helpers/blob/v0.9.5/credentials/error.go#L11 */
const NOT_FOUND = 'credentials not found in native keychain'
const LONGEST_MESSAGE = 300

interface HelperDeps {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly signal?: AbortSignal | undefined
}

/**
 * A program that keeps logins for Docker. Everything secret goes through its standard input and
 * output.
 * Source: https://github.com/docker/docker-credential-helpers/blob/v0.9.5/client/client.go
 */
export function openHelper(suffix: string, { environment, signal }: HelperDeps) {
  const program = `docker-credential-${suffix}`
  const fail = (what: string, details?: ErrorDetails): NopassError =>
    new NopassError('CREDENTIAL_HELPER_FAILED', `the credential helper ${program} ${what}`, details)

  const run = (action: 'get' | 'store' | 'erase', input: string): Promise<{ done: boolean; output: string }> =>
    new Promise((resolve, reject) => {
      const options = { env: environment, timeout: TIMEOUT_MS, killSignal: 'SIGKILL', signal } as const
      const child = execFile(program, [action], options, (error, output) => {
        if (error === null) return resolve({ done: true, output })
        const { code, killed } = error
        if (signal?.aborted) return reject(signal.reason)
        if (code === 'ENOENT') return reject(fail('is not in PATH', { cause: error }))
        if (typeof code === 'string') return reject(fail(`cannot be run for \`${action}\``, { reason: code }))
        if (killed) return reject(fail(`did not finish \`${action}\` in ${TIMEOUT_MS / 1000} s`))
        resolve({ done: false, output })
      })
      // A helper that does not read its input ends the pipe.
      child.stdin?.on('error', () => undefined)
      child.stdin?.end(input)
    })

  return {
    suffix,
    /**
     * Returns the login of a domain; undefined if the helper has none.
     * @throws CREDENTIAL_HELPER_FAILED
     */
    async get(domain: string): Promise<AuthEntry | undefined> {
      const { done, output } = await run('get', domain)
      if (!done && output.trim() === NOT_FOUND) return undefined
      if (!done) throw fail(`cannot get the login of ${domain}: ${quote(output)}`)
      const answer: unknown = orElse(() => JSON.parse(output), undefined)
      if (!isRecord(answer)) throw fail(`gave an answer for ${domain} that is not JSON`)
      // Docker compares the names of the members without case, as Go does.
      const members = new Map(Object.entries(answer).map(([name, value]) => [name.toLowerCase(), textOf(value)]))
      const [username, password] = [members.get('username') ?? '', members.get('secret') ?? '']
      return username === '' && password === '' ? undefined : { username, password }
    },
    /** @throws CREDENTIAL_HELPER_FAILED, also if the helper does not return the login afterwards */
    async store({ domain, username, password }: DockerLogin): Promise<void> {
      const input = JSON.stringify({ ServerURL: domain, Username: username, Secret: password })
      const { done, output } = await run('store', `${input}\n`)
      if (!done) throw fail(`cannot store the login of ${domain}: ${quote(output, [username, password])}`)
      // A helper that makes its own logins may ignore `store`.
      const found = await this.get(domain)
      if (isSame(found, { username, password })) return
      throw fail(`accepted the login of ${domain}, but returns ${found === undefined ? 'no login' : 'another login'}`, {
        hint: `Remove ${domain} from \`credHelpers\`, or use \`config: isolated\`, which uses no helper.`,
      })
    },
    /** @throws CREDENTIAL_HELPER_FAILED, also if the helper returns the same login afterwards */
    async erase(domain: string, login: AuthEntry): Promise<void> {
      const { done, output } = await run('erase', domain)
      if (!done) throw fail(`cannot erase the login of ${domain}: ${quote(output)}`)
      if (isSame(await this.get(domain), login)) throw fail(`erased the login of ${domain}, but still has it`)
    },
  }
}

export function isSame(one: AuthEntry | undefined, other: AuthEntry): boolean {
  return one?.username === other.username && one.password === other.password
}

/** The password in the answer of a helper to `get`. */
const SECRET = /("secret"\s{0,3}:\s{0,3}")(?:[^"\\]|\\.){1,8000}/gi

/** Helpers print their reason to standard output, where a login can be too. */
function quote(output: string, secrets: readonly string[] = []): string {
  const bare = secrets.reduce((text, secret) => text.replaceAll(secret, '(redacted)'), output.trim())
  return withoutCredentials(bare.replaceAll(SECRET, '$1(redacted)')).slice(0, LONGEST_MESSAGE) || 'no reason given'
}
