import { formatError } from '../../errors.ts'
import { systemClock } from '../../lib/clock.ts'
import { dockerFolderOf } from '../../login/docker-config/docker-folder.ts'
import { jobOf } from '../../login/docker-config/job-id.ts'
import { findReceipt } from '../../login/docker-config/ledger.ts'
import { type RemovedLogin, removeLogins } from '../../login/docker-config/remove-logins.ts'
import { helperEnvironment } from '../../login/helper-environment.ts'
import { printable } from '../../printable.ts'
import { type CliHost, type CommonFlags, EXIT, writeResult } from '../program/cli-host.ts'

/**
 * Removes the logins of `acr-nopass login` that are still in the configuration. Returns 1 if one of
 * them may still be there.
 */
export async function logout(flags: CommonFlags, host: CliHost): Promise<number> {
  const folder = dockerFolderOf(host.env, host.workingDirectory)
  const receipt = findReceipt(folder, jobOf(host.env), systemClock)
  const { pid, signal } = host
  const environment = helperEnvironment(host.env)
  const removed = receipt && (await removeLogins(receipt, { pid, clock: systemClock, environment, signal }))
  const logins = (removed ?? []).map(({ domain, outcome, error }) => {
    return { domain, outcome, ...(error && { error: { code: error.code, message: error.message, fix: error.hint } }) }
  })
  writeResult(host, flags, { dockerConfig: folder, logins }, () =>
    removed === undefined ? `${printable(folder)} has no login of acr-nopass\n` : removed.map(render).join(''),
  )
  return logins.some(({ outcome }) => outcome === 'failed') ? EXIT.failed : EXIT.ok
}

const WORDS: Readonly<Record<RemovedLogin['outcome'], string>> = {
  removed: 'logged out',
  absent: 'was logged out already',
  replaced: 'another login was made later, and stays',
  failed: 'may still be logged in',
}

function render({ domain, outcome, error }: RemovedLogin): string {
  return `${printable(domain)}: ${WORDS[outcome]}\n${error ? `${formatError(error)}\n` : ''}`
}
