import { formatDuration } from '../../src/lib/format-duration.ts'
import { ensureTools } from '../../tools/build/ensure-tools.ts'
import type { Progress } from '../../tools/progress.ts'
import { startActionFixture, withHelm } from '../action/support/action-fixture.ts'
import { cancelCase, findBreaches } from '../action/support/cancel-case.ts'
import { cancelPoints, describePoint } from '../action/support/cancel-points.ts'
import { broken, cancelTable } from './cancel-table.ts'
import type { SoakOptions } from './soak-options.ts'
import { openSoakRecord } from './soak-record.ts'
import { writeBlock } from './write-block.ts'

export interface SoakDeps {
  readonly root: string
  readonly progress: Progress
  readonly print: (text: string) => void
  /** Milliseconds since 1970. */
  readonly now: () => number
}

const TOOLS = ['etcd', 'kube-apiserver', 'kube-controller-manager'] as const

/**
 * Cancels jobs until the count is reached. Continues an earlier run with the same seed. Returns 1
 * if a promise was broken.
 */
export async function runSoak(options: SoakOptions, deps: SoakDeps, signal: AbortSignal): Promise<number> {
  const { root, progress, print, now } = deps
  const { count, seed, helm } = options
  const record = openSoakRecord(root, options)
  const points = cancelPoints(seed, count)
    .map((point) => (helm === 'both' ? point : { ...point, helm }))
    .slice(record.done.length)
  print(`seed ${seed}, ${count} cancels, ${count - points.length} done before (${record.file})`)
  if (points.length > 0) {
    await ensureTools([...TOOLS, 'helm3', 'helm4'], { progress, signal })
    await progress.step('cancels', async (step) => {
      step.update('starting a cluster')
      await using fixture = await startActionFixture({ clusters: ['soak'], helm: 'helm4', signal })
      const fixtures = { helm4: fixture, helm3: await withHelm(fixture, 'helm3') }
      const begin = now()
      for (const [done, point] of points.entries()) {
        signal.throwIfAborted()
        const left =
          done === 0 ? '' : `, about ${formatDuration(((now() - begin) / done) * (points.length - done))} left`
        step.update(`${point.index + 1} of ${count}${left}: ${describePoint(point)}`)
        const outcome = await cancelCase(fixtures[point.helm], point)
        signal.throwIfAborted()
        record.add(outcome)
        for (const breach of findBreaches(outcome)) progress.note(`✖ ${describePoint(point)}: ${breach}`)
      }
    })
  }
  const records = record.done.slice(0, count)
  const conditions = { seed, helm, at: now() }
  print(cancelTable(records, conditions, 'en'))
  const bad = broken(records)
  for (const one of bad) print(`\n✖ ${describePoint(one.point)}: ${findBreaches(one).join('; ')}\n${one.output}`)
  if (options.write) writeBlock(root, records, conditions)
  return bad.length > 0 ? 1 : 0
}
