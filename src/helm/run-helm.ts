import { getExecOutput } from '@actions/exec'
import { readHelmError } from './read-helm-error.ts'

/** What running a helm takes of it (find-helm.ts finds it by running one). */
interface HelmProgram {
  readonly path: string
  readonly environment: Readonly<Record<string, string>>
}

export interface ProgramOutput {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** A short call of a program: argv only, no shell, nothing printed. */
export async function runProgram(
  path: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<ProgramOutput> {
  // The library splits its first argument as a command line, so a path with spaces needs quotes.
  return getExecOutput(`"${path}"`, [...args], { env: { ...environment }, silent: true, ignoreReturnCode: true })
}

/**
 * A short helm call that reads; its standard output, which may hold values and Secrets: never print it.
 * @throws NopassError one of the `HELM_…` codes
 */
export async function readFromHelm(helm: HelmProgram, args: readonly string[]): Promise<string> {
  const output = await runProgram(helm.path, args, helm.environment)
  if (output.exitCode !== 0) throw readHelmError(output.stderr, { command: args[0] ?? 'helm' })
  return output.stdout
}
