import { systemClock } from '../../lib/clock.ts'
import { findReceipt } from '../../login/docker-config/ledger.ts'
import { type RemovedLogin, removeLogins } from '../../login/docker-config/remove-logins.ts'
import { helperEnvironment } from '../../login/helper-environment.ts'
import { printable } from '../../printable.ts'
import { type CliHost, type CommonFlags, EXIT, writeResult } from '../program/cli-host.ts'
import { dockerFolderOf } from './login.ts'

/** Removes the logins of `acr-nopass login` that are still in the configuration. */
export async function logout(flags: CommonFlags, host: CliHost): Promise<number> {
  const folder = dockerFolderOf(host)
  const receipt = findReceipt(folder)
  const { pid, signal } = host
  const environment = helperEnvironment(host.env)
  const removed = receipt && (await removeLogins(receipt, { pid, clock: systemClock, environment, signal }))
  const result = { dockerConfig: folder, logins: removed ?? [] }
  writeResult(host, flags, result, () =>
    removed === undefined
      ? `${printable(folder)} has no login of acr-nopass\n`
      : removed.map((one) => `${printable(one.domain)}: ${WORDS[one.outcome]}\n`).join(''),
  )
  return EXIT.ok
}

const WORDS: Readonly<Record<RemovedLogin['outcome'], string>> = {
  removed: 'logged out',
  absent: 'was logged out already',
  replaced: 'another login was made later, and stays',
}
