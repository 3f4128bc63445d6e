import { exportVariable, getState, warning } from '@actions/core'
import { type NopassError, toNopassError } from '../src/errors.ts'
import { systemClock } from '../src/lib/clock.ts'
import type { LoginReceipt } from '../src/login/docker-config/receipt.ts'
import { removeLogins } from '../src/login/docker-config/remove-logins.ts'
import { helperEnvironment } from '../src/login/helper-environment.ts'
import { writeLine } from './write-line.ts'

/** Removes the logins of the main step that are still the logins of this job. Never throws. */
export async function logOut(state: string, host: NodeJS.Process): Promise<void> {
  const warn = (what: string, { message, hint }: NopassError): void => warning(`${what}: ${message}\nFix: ${hint}`)
  try {
    const receipt = JSON.parse(state) as LoginReceipt
    const deps = { pid: host.pid, clock: systemClock, environment: helperEnvironment(host.env) }
    for (const { domain, outcome, error } of await removeLogins(receipt, deps)) {
      if (error !== undefined) warn(`the login to ${domain} could not be removed`, error)
      else
        writeLine(
          host,
          `${domain}: ${outcome === 'replaced' ? 'another login was made later, and stays' : 'logged out'}`,
        )
    }
  } catch (cause) {
    warn('the logout is not complete', toNopassError(cause))
  }
  // The post steps of earlier steps, such as the post step of buildx, need the configuration of the
  // user. Docker reads an empty variable like a missing variable.
  const before = getState('docker-config')
  if (before !== '') exportVariable('DOCKER_CONFIG', String(JSON.parse(before)))
}
