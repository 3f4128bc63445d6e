import { warning } from '@actions/core'
import { toNopassError } from '../src/errors.ts'
import { systemClock } from '../src/lib/clock.ts'
import type { LoginReceipt } from '../src/login/docker-config/receipt.ts'
import { removeLogins } from '../src/login/docker-config/remove-logins.ts'
import { helperEnvironment } from '../src/login/helper-environment.ts'
import { writeLine } from './write-line.ts'

/** Removes the logins of the main step that are still the logins of this job. Never throws. */
export async function logOut(state: string, host: NodeJS.Process): Promise<void> {
  try {
    const receipt = JSON.parse(state) as LoginReceipt
    const { pid } = host
    const environment = helperEnvironment(host.env)
    for (const { domain, outcome } of await removeLogins(receipt, { pid, clock: systemClock, environment })) {
      writeLine(host, `${domain}: ${outcome === 'replaced' ? 'another login was made later, and stays' : 'logged out'}`)
    }
  } catch (cause) {
    const { message, hint } = toNopassError(cause)
    warning(`the logins of this job could not be removed: ${message}\nFix: ${hint}`)
  }
}
