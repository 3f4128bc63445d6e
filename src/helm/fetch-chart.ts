import { copyFile, mkdtemp, readdir, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { NopassError } from '../errors.ts'
import type { Helm } from './find-helm.ts'
import { helmErrorLine } from './read-helm-error.ts'
import { runProgram } from './run-helm.ts'

export interface ChartSource {
  /** A folder, an archive, or `oci://…`. */
  readonly reference: string
  /** The version of an `oci://` chart. */
  readonly version: string | undefined
}

/**
 * Fetches the chart once, as an archive in the run's folder. Everything is rendered and deployed
 * from this archive, because somebody may change a folder, a tag or a file between two reads.
 * @throws HELM_CHART
 */
export async function fetchChart(
  helm: Helm,
  { reference, version }: ChartSource,
  folder: string,
  signal: AbortSignal,
): Promise<string> {
  const home = await mkdtemp(join(folder, 'chart-'))
  if (reference.startsWith('oci://')) {
    const args = [
      'pull',
      reference,
      ...(version === undefined ? [] : [`--version=${version}`]),
      `--destination=${home}`,
    ]
    const hint =
      'Check the address and `chart-version`, and that this machine reaches the registry; a private one needs `helm registry login` in an earlier step.'
    await run(helm, args, `${reference} cannot be pulled`, signal, hint)
  } else if ((await stat(reference)).isDirectory()) {
    await run(helm, ['package', reference, `--destination=${home}`], `${reference} cannot be packed`, signal)
  } else {
    await copyFile(reference, join(home, basename(reference)))
  }
  const [archive, ...others] = await readdir(home)
  if (archive !== undefined && others.length === 0) return join(home, archive)
  throw new NopassError('HELM_CHART', `${reference}: helm wrote no archive of the chart`)
}

async function run(
  helm: Helm,
  args: readonly string[],
  failure: string,
  signal: AbortSignal,
  hint?: string,
): Promise<void> {
  const { exitCode, stderr } = await runProgram(helm.path, args, helm.environment, { signal })
  if (exitCode !== 0) throw new NopassError('HELM_CHART', `${failure}: ${helmErrorLine(stderr)}`, { hint })
}
