import { createDefaultTransport } from '../../alibaba/transport/cloud-transport.ts'
import { NopassError } from '../../errors.ts'
import { systemClock } from '../../lib/clock.ts'
import { quoted, shell } from '../../lib/shell-command.ts'
import type { RepositoryCheck } from '../../login/check-login.ts'
import { dockerFolderOf } from '../../login/docker-config/docker-folder.ts'
import { type LoggedIn, type LoginOutcome, type PlannedLogin, runLogin } from '../../login/run-login.ts'
import { printable } from '../../printable.ts'
import type { InputName } from '../../rollout/inputs/input-table.ts'
import { readInputs } from '../../rollout/inputs/read-inputs.ts'
import { type CliHost, type CommonFlags, EXIT, writeResult } from '../program/cli-host.ts'
import type { InputFlags } from '../program/input-option.ts'
import { reportErrors } from '../program/report-errors.ts'
import { errorAsFlags } from '../rollout/as-flags.ts'

/** As for a rollout: STS sometimes fails for seconds. */
const OUTAGE = { attempts: 6, baseMs: 1000 }

/**
 * Logs in as the action does. Returns the exit code.
 * @throws NopassError with flags in place of inputs
 */
export async function login(...command: Parameters<typeof logIn>): Promise<number> {
  try {
    return await logIn(...command)
  } catch (error) {
    throw error instanceof NopassError ? errorAsFlags(error) : error
  }
}

async function logIn(
  given: Readonly<Partial<Record<InputName, string>>>,
  flags: LoginFlags & CommonFlags,
  host: CliHost,
): Promise<number> {
  const inputs = readInputs((name) => given[name])
  const notes: string[] = []
  const note = (line: string): void => {
    notes.push(line)
    if (flags.output !== 'json') host.stderr.write(`note: ${printable(line)}\n`)
  }
  const outcome = await runLogin(
    { ...inputs, isDryRun: flags.dryRun === true },
    {
      environment: host.env,
      transport: createDefaultTransport({ env: host.env, outage: OUTAGE }),
      clock: systemClock,
      pid: host.pid,
      dockerFolder: dockerFolderOf(host.env, host.workingDirectory),
      temporaryFolder: host.temporaryFolder,
      workingDirectory: host.workingDirectory,
      within: undefined,
      // This command prints no secret, and there is no runner that masks secrets.
      mask: () => undefined,
      report: note,
      // `logout` finds the logins in the configuration.
      record: () => undefined,
    },
    host.signal,
  )
  if (outcome.errors.length > 0) return reportErrors(outcome.errors.map(errorAsFlags), flags, host)
  writeResult(host, flags, describeOutcome(outcome, notes, flags), () =>
    flags.dryRun ? renderPlan(outcome) : renderLogins(outcome, inputs.config),
  )
  return EXIT.ok
}

function describeOutcome(
  { planned, logins, dockerConfigFolder }: LoginOutcome,
  notes: readonly string[],
  { dryRun }: LoginFlags,
): object {
  return {
    ...(dryRun
      ? { planned: planned.map(describePlan) }
      : { logins: logins.map(describeLogin), dockerConfig: dockerConfigFolder }),
    ...(notes.length > 0 && { notes }),
  }
}

function describePlan({ name, instanceId, region, access, repositories, policy }: PlannedLogin): object {
  return {
    name,
    instanceId,
    region,
    access,
    repositories,
    sessionPolicy: policy === undefined ? null : JSON.parse(policy),
  }
}

function describeLogin(login: LoggedIn): object {
  const { domains, username, expiresAt, checks } = login
  return {
    ...describePlan(login),
    domains,
    username,
    expiresAt: new Date(expiresAt).toISOString(),
    checks: checks.map(({ repository, pull, push, why }) => {
      return { repository, pull: pull?.grant, push: push?.grant, notChecked: why }
    }),
  }
}

const RIGHTS = { pull: 'pull', push: 'pull and push', create: 'pull, push and create' } as const

function renderPlan({ planned }: LoginOutcome): string {
  return planned
    .map(({ name, region, instanceId, access, repositories, policy }) =>
      printableLines([
        `would log in to ${name}${instanceId && instanceId !== name ? ` (${instanceId})` : ''} in ${region}: ${RIGHTS[access]} ${repositories.join(', ')}`,
        policy === undefined ? '  the login has all rights of the access key' : `  session policy: ${policy}`,
      ]),
    )
    .join('')
}

function renderLogins({ logins, dockerConfigFolder }: LoginOutcome, config: 'merge' | 'isolated'): string {
  const lines = logins.flatMap(({ domains, username, expiresAt, checks }) => [
    `logged in to ${domains.join(', ')} as ${username} until ${new Date(expiresAt).toISOString()}`,
    ...checks.filter(({ why }) => why === undefined).map((check) => `  ${check.repository}: ${renderCheck(check)}`),
  ])
  const isolated = config === 'isolated' ? [shell`export DOCKER_CONFIG=${quoted(dockerConfigFolder)}` ?? ''] : []
  return printableLines([...lines, ...isolated])
}

function renderCheck({ pull, push }: RepositoryCheck): string {
  const verified = [...(pull?.grant === 'granted' ? ['pull'] : []), ...(push?.grant === 'granted' ? ['push'] : [])]
  return `the registry confirms ${verified.join(' and ')}`
}

function printableLines(lines: readonly string[]): string {
  return lines.map((line) => `${printable(line)}\n`).join('')
}

export interface LoginFlags extends InputFlags {
  readonly dryRun?: boolean
}
