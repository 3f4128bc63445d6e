import { join } from 'node:path'
import type { SettingsDeps } from '../rollout/inputs/load-settings.ts'
import type { CliHost } from './program/host.ts'

/** Where the engine finds files, variables and the chart of this version. */
export function settingsDeps({ env, workingDirectory, root }: CliHost): SettingsDeps {
  return { environment: env, workingDirectory, chartFolder: join(root, 'chart'), anyFile: true }
}
