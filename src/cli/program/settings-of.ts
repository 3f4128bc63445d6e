import { join } from 'node:path'
import type { InputName } from '../../rollout/inputs/input-table.ts'
import { loadSettings } from '../../rollout/inputs/load-settings.ts'
import { readInputs } from '../../rollout/inputs/read-inputs.ts'
import type { CliHost } from './cli-host.ts'

/** Converts inputs to the action's settings, with the files, variables and chart of the command. */
export function settingsOf(given: Readonly<Partial<Record<InputName, string>>>, host: CliHost) {
  const { env, workingDirectory, root } = host
  const deps = { environment: env, workingDirectory, chartFolder: join(root, 'chart'), anyFile: true }
  return loadSettings(
    readInputs((name) => given[name]),
    deps,
  )
}
