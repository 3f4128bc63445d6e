import { spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { helmEnvironment } from '../../../src/helm/helm-environment.ts'
import type { BenchContext } from '../scenario.ts'
import type { RolloutBed } from './rollout-bed.ts'

/** Helm without anything around it: what a shell script in a workflow would do. */
export interface HelmFleet {
  install(): Promise<void>
  /** And waits until the Pods are gone. */
  uninstall(): Promise<void>
}

export function bareHelm(
  { root, tools, programs, signal }: BenchContext,
  bed: RolloutBed,
  parallel: number,
): HelmFleet {
  const shared = join(programs.folder, 'rollout', 'shared.yaml')
  const ready = writeFile(shared, bed.sharedValues)
  const xargs = async (lines: readonly string[]): Promise<void> => {
    await ready
    await new Promise<void>((resolve, reject) => {
      const child = spawn('xargs', ['-P', String(parallel), '-L', '1', tools.helm4], {
        env: helmEnvironment({ PATH: process.env.PATH ?? '' }, join(programs.folder, 'rollout', 'bare')),
        stdio: ['pipe', 'ignore', 'pipe'],
        signal,
      })
      let errors = ''
      child.stderr.on('data', (chunk: Buffer) => {
        errors += chunk.toString()
      })
      child.once('error', reject)
      child.once('close', (code) => (code === 0 ? resolve() : reject(new Error(errors))))
      child.stdin.end(`${lines.join('\n')}\n`)
    })
  }
  const target = ({ name, kubeconfigFile }: RolloutBed['sites'][number]): string =>
    `acr-nopass --namespace=${name} --kubeconfig=${kubeconfigFile}`
  return {
    install: () =>
      xargs(
        bed.sites.map(
          (site) =>
            `upgrade --install ${target(site)} ${join(root, 'chart')} --values=${shared} --values=${site.valuesFile} --wait --timeout=5m`,
        ),
      ),
    uninstall: () => xargs(bed.sites.map((site) => `uninstall ${target(site)} --wait --timeout=5m`)),
  }
}
