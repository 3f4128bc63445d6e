import { exportVariable, saveState, setOutput, setSecret } from '@actions/core'
import { createDefaultTransport } from '../src/alibaba/transport/cloud-transport.ts'
import { systemClock } from '../src/lib/clock.ts'
import { processId } from '../src/lib/process-id.ts'
import { dockerFolderOf } from '../src/login/docker-config/docker-folder.ts'
import { describeOutputs, renderLoginSummary } from '../src/login/report-login.ts'
import { runLogin } from '../src/login/run-login.ts'
import type { Inputs } from '../src/rollout/inputs/input-table.ts'
import { reportErrors } from './report-errors.ts'
import { writeLine } from './write-line.ts'
import { writeSummary } from './write-summary.ts'

/** As for a rollout: STS sometimes fails for seconds. */
const OUTAGE = { attempts: 6, baseMs: 1000 }

/**
 * Performs the mode `login`: logs the job in to registries. The post step logs out. Returns the
 * exit code.
 */
export async function performLogin(
  inputs: Inputs,
  { host, environment }: { readonly host: NodeJS.Process; readonly environment: NodeJS.ProcessEnv },
  signal: AbortSignal,
): Promise<number> {
  const { GITHUB_WORKSPACE, RUNNER_TEMP } = environment
  const temporaryFolder = RUNNER_TEMP || '/tmp'
  const workingDirectory = GITHUB_WORKSPACE || host.cwd()
  const outcome = await runLogin(
    { ...inputs, isDryRun: false },
    {
      environment,
      transport: createDefaultTransport({ env: environment, outage: OUTAGE }),
      clock: systemClock,
      pid: host.pid,
      // The runner's worker lives exactly as long as the job.
      holder: processId(host.ppid),
      dockerFolder: dockerFolderOf(environment, workingDirectory),
      temporaryFolder,
      workingDirectory,
      within: [workingDirectory, temporaryFolder],
      mask: setSecret,
      report: (line) => writeLine(host, line),
      // The state is saved first, so that the post step finds the logins of a main step that was
      // killed.
      record: (receipt) => saveState('login', JSON.stringify(receipt)),
    },
    signal,
  )
  if (outcome.errors.length > 0) return reportErrors(outcome.errors, host, inputs.mode)
  if (inputs.config === 'isolated') {
    saveState('docker-config', JSON.stringify(environment.DOCKER_CONFIG ?? ''))
    exportVariable('DOCKER_CONFIG', outcome.dockerConfigFolder)
  }
  for (const [name, value] of Object.entries(describeOutputs(outcome.logins))) setOutput(name, value)
  for (const { domains, expiresAt } of outcome.logins) {
    writeLine(host, `logged in to ${domains.join(', ')} until ${new Date(expiresAt).toISOString()}`)
  }
  writeSummary(renderLoginSummary(outcome.logins), host)
  return 0
}
