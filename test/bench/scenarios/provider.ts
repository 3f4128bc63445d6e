import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startCloud } from '../../../sandbox/cloud/start-cloud.ts'
import { bundleProvider } from '../../../scripts/build/bundles.ts'
import { toNodeConfig } from '../../../src/node/node-config.ts'
import { teamSeed } from '../../support/cloud/team-seed.ts'
import { DOMAIN, nodeValues, requestOf, runProgram } from '../../support/node/provider-bench.ts'
import { WORKER_ROLE } from '../../support/registry/private-registry.ts'
import { measurePulls } from '../fixture/provider-pulls.ts'
import { median } from '../fixture/statistics.ts'
import type { BenchContext, Measured, Scenario } from '../scenario.ts'

const ROUNDS = 21

/** How long a Pod waits for the program on a node, compared with a Node that does nothing. */
export const provider: Scenario = {
  name: 'provider',
  title: { en: 'Logins of a node without a Secret', zh: '不使用 Secret 的节点的登录凭证' },
  minutes: 4,
  measure: measureProvider,
}

async function measureProvider(context: BenchContext): Promise<Measured> {
  const { root, programs, report, signal } = context
  const program = join(programs.folder, 'provider.mjs')
  await bundleProvider(root, program)
  await using cloud = await startCloud({ seed: await teamSeed() })
  const Action = ['cr:GetAuthorizationToken', 'cr:ListInstanceEndpoint', 'cr:PullRepository']
  cloud.control.grant(WORKER_ROLE, 'pull', { Version: '1', Statement: [{ Effect: 'Allow', Action, Resource: ['*'] }] })
  const imds = await cloud.imdsFor(WORKER_ROLE)
  const config = join(programs.folder, 'provider.json')
  const values = nodeValues({ cloud, imds, node: { identity: 'worker-role' }, registries: [{}] })
  await writeFile(config, JSON.stringify(toNodeConfig(values)))
  const request = requestOf({ image: `${DOMAIN}/team/app` })
  const time = async (args: readonly string[]): Promise<number> => {
    signal.throwIfAborted()
    const { code, stderr, milliseconds } = await runProgram(process.execPath, args, request)
    if (code !== 0) throw new Error(`the program ended with ${code}: ${stderr}`)
    return milliseconds
  }
  const ask = (folder: string): Promise<number> =>
    time([program, '--config', config, '--cache-dir', join(programs.folder, folder)])
  await ask('kept')
  const times = { bare: [] as number[], kept: [] as number[], fresh: [] as number[] }
  // One round of all before the next, so that other load on the machine affects all equally.
  for (let round = 0; round < ROUNDS; round += 1) {
    report(`round ${round + 1} of ${ROUNDS}`)
    times.bare.push(await time(['--eval', '0']))
    times.kept.push(await ask('kept'))
    times.fresh.push(await ask(`fresh-${round}`))
  }
  const against = (all: readonly number[]): number => median(all) / median(times.bare)
  const [bare, kept, fresh] = [times.bare, times.kept, times.fresh].map((all) => median(all).toFixed(0))
  const pulls = await measurePulls(context)
  const [first, second, cold, warm] = [pulls.first, pulls.second, pulls.cold, pulls.warm].map(median)
  const rounds = pulls.first.length
  const ms = (value = Number.NaN): string => `${value.toFixed(0)} ms`
  return {
    figures: {
      'provider-kept': [against(times.kept)],
      'provider-new': [against(times.fresh)],
      'pull-warm': [median(pulls.warm) / median(pulls.second)],
      'pull-cold': [median(pulls.cold) / median(pulls.first)],
    },
    notes: [
      `medians of ${ROUNDS}: bare node ${bare} ms, kept login ${kept} ms, new login ${fresh} ms`,
      `medians of ${rounds} pairs of Pods after a restart of the kubelet: pull secret ${ms(first)}, then ${ms(second)}; no login on the node ${ms(cold)}, then a login in the kubelet ${ms(warm)}`,
    ],
  }
}
