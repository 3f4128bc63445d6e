import { sleep } from '../../src/lib/clock.ts'
import type { Removal } from './evidence.ts'
import type { LiveDeps } from './live-deps.ts'
import { namesOf } from './names.ts'
import { codeOf, createRamObjects, isAbsent, type RamObjects } from './ram-objects.ts'
import type { RecordedObject, RunRecord } from './record.ts'

type CleanUpDeps = Pick<LiveDeps, 'transport' | 'endpoints' | 'caller' | 'clock' | 'print'>

/**
 * How often a deletion is tried. RAM may still refuse it because of a detachment that it has not
 * applied, and an object whose creation got no response may appear later.
 */
const ATTEMPTS = 6
const PAUSE_MS = 5000

/**
 * Deletes the objects of a record, in the opposite order of their creation. Objects that are gone
 * are `absent`. An object with another description is not the run's, so it is `left`. Never
 * rejects.
 */
export async function cleanUp(record: RunRecord, deps: CleanUpDeps): Promise<readonly Removal[]> {
  const objects = createRamObjects(deps)
  const removals: Removal[] = []
  const names = namesOf(record.run)
  for (const object of record.objects.toReversed()) {
    const removal = await remove(object, names, objects, deps)
    const { kind, name, result, because } = removal
    deps.print(`  ${kind} ${name}: ${result}${because === undefined ? '' : `, because ${because}`}`)
    removals.push(removal)
  }
  return removals
}

async function remove(
  { kind, name, state }: RecordedObject,
  { mark, role }: ReturnType<typeof namesOf>,
  objects: RamObjects,
  { clock }: CleanUpDeps,
): Promise<Removal> {
  let because = ''
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    if (attempt > 1) await sleep(clock, PAUSE_MS)
    try {
      const description = await objects.describe(kind, name)
      if (description !== undefined && description !== mark) {
        return { kind, name, result: 'left', because: 'its description is not the one of this run' }
      }
      if (kind === 'policy') await objects.detach(name, role).catch(unlessAbsent)
      await objects.delete(kind, name)
      return { kind, name, result: 'removed' }
    } catch (error) {
      because = codeOf(error)
      if (!isAbsent(error)) continue
      // A creation without a response may still arrive.
      if (state === 'created' || attempt === ATTEMPTS) return { kind, name, result: 'absent' }
    }
  }
  return { kind, name, result: 'left', because }
}

function unlessAbsent(error: unknown): void {
  if (!isAbsent(error)) throw error
}
