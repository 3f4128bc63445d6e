import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { type BinResult, runBin } from '../cli/run-bin.ts'
import { testTools } from '../tools.ts'

/**
 * Runs `acr-nopass plan`, `apply` and `uninstall` as a user with Helm 4 on PATH and without a cloud
 * account.
 */
export interface RolloutCommand extends AsyncDisposable {
  run(
    verb: 'plan' | 'apply' | 'uninstall',
    release: { readonly kubeconfig: string; readonly namespace: string; readonly name: string },
    values: object,
    ...flags: readonly string[]
  ): Promise<BinResult>
}

export async function openRolloutCommand(): Promise<RolloutCommand> {
  const folder = await mkdtemp(join(tmpdir(), 'rollout-'))
  await symlink((await testTools('helm4')).helm4, join(folder, 'helm'))
  const env = { PATH: `${folder}:${process.env.PATH}`, HOME: folder, TMPDIR: folder }
  return {
    async run(verb, { kubeconfig, namespace, name }, values, ...flags) {
      const file = join(folder, 'values.yaml')
      await writeFile(file, stringify(values))
      const where = ['--kubeconfig', kubeconfig, '--namespace', namespace, '--release', name]
      return runBin([verb, ...where, '-f', file, '--ram', 'none', ...flags], { env, cwd: folder })
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}
