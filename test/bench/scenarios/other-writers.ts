import { countRequests, describeRequests } from '../fixture/audit-window.ts'
import type { Fixture } from '../fixture/fixture.ts'
import { createNamespace, namesOf } from '../fixture/namespaces.ts'
import { type Damage, openSharedList, type SharedList } from '../fixture/other-writer.ts'
import { untilHelperWorks } from '../fixture/until-works.ts'
import { type BenchContext, type Measured, openScenarioFixture, type Scenario } from '../scenario.ts'

const RACERS = 200
const CONTENDED = 100
const CONTEND_MS = 30_000
/** After a fight over a list the helper returns to it after a minute. */
const CALM_MS = 90_000

/**
 * Another writer on the same lists: on new ServiceAccounts, and a hostile one that removes the
 * helper's entry.
 */
export const otherWriters: Scenario = {
  name: 'other-writers',
  title: { en: 'Another writer on the same list', zh: '同一列表上的其他写入者' },
  minutes: 1.5,
  measure: measureOtherWriters,
}

async function measureOtherWriters(context: BenchContext): Promise<Measured> {
  const { report, signal } = context
  report('a cluster')
  await using fixture = await openScenarioFixture(context, 'writers')
  await fixture.startNode()
  await fixture.install({ attach: 'serviceAccounts' })
  await untilHelperWorks(fixture, signal)
  await createNamespace(fixture.admin, 'shop', signal)
  await fixture.observer.until('a namespace was usable', () => !!fixture.observer.of('shop').secretAt, 60_000, signal)

  report(`${RACERS} new ServiceAccounts with another writer`)
  const race = fixture.audit()
  const racers = await raceAll(fixture, signal)
  const raceResults = await untilAttached(racers, 10_000, signal)
  const raceRequests = race.requests()

  report(`a hostile writer on ${CONTENDED} ServiceAccounts for ${CONTEND_MS / 1000} s`)
  const contend = fixture.audit()
  const contended = racers.slice(0, CONTENDED)
  const edits = await fight(contended, signal)
  const requests = contend.requests()
  const stopped = performance.now()
  report('until the helper is back in all lists')
  const contendResults = await untilAttached(contended, CALM_MS, signal)
  const backMs = performance.now() - stopped
  return {
    figures: {
      race: [total(raceResults, 'lost'), total(raceResults, 'resurrected')],
      'race-attached': [raceResults.filter(({ attached }) => !attached).length],
      contend: [
        total(contendResults, 'lost') - total(raceResults.slice(0, CONTENDED), 'lost'),
        total(contendResults, 'resurrected'),
      ],
      'contend-back': [backMs / 1000],
    },
    notes: [
      `race: ${racers.reduce((sum, { conflicts }) => sum + conflicts, 0)} writes of the other had to be repeated; the helper's: ${describeRequests(raceRequests, 1)}`,
      `hostile writer: ${edits} edits; the helper's requests meanwhile: ${describeRequests(requests, 1)}, ${countRequests(requests, 'secrets')} about Secrets`,
      `missing in the end: ${contendResults.filter(({ attached }) => !attached).length} of ${CONTENDED} own entries`,
    ],
  }
}

/** Creates each ServiceAccount and immediately adds an entry to its list, eight concurrently. */
async function raceAll(fixture: Fixture, signal: AbortSignal): Promise<readonly SharedList[]> {
  const names = namesOf('racer', RACERS)
  const lists = new Map<string, SharedList>()
  let next = 0
  const work = async (): Promise<void> => {
    for (let name = names[next++]; name !== undefined; name = names[next++]) {
      const path = '/api/v1/namespaces/shop/serviceaccounts'
      await fixture.admin.request({ method: 'POST', path, body: { metadata: { name } } }, signal)
      const list = openSharedList(fixture.admin, 'shop', name)
      lists.set(name, list)
      await list.edit((entries) => entries.push('foreign'), false, signal)
    }
  }
  await Promise.all(Array.from({ length: 8 }, work))
  return names.flatMap((name) => lists.get(name) ?? [])
}

/**
 * Repeatedly adds an entry or removes its oldest one, together with the helper's; returns the
 * number of edits.
 */
async function fight(lists: readonly SharedList[], signal: AbortSignal): Promise<number> {
  const end = performance.now() + CONTEND_MS
  let edits = 0
  // Each list has one writer, because two writers would mistake each other's edits for damage.
  const work = async (own: readonly SharedList[]): Promise<void> => {
    for (let next = 0; performance.now() < end; next += 1) {
      const list = own[next % own.length]
      const name = `foreign-${edits++}`
      const change = (entries: string[]): void => {
        if (entries.length > 3) entries.shift()
        else entries.push(name)
      }
      await list?.edit(change, true, signal)
    }
  }
  const side = 4
  await Promise.all(Array.from({ length: side }, (_, part) => work(lists.filter((_list, i) => i % side === part))))
  return edits
}

async function untilAttached(
  lists: readonly SharedList[],
  limitMs: number,
  signal: AbortSignal,
): Promise<readonly Damage[]> {
  const end = performance.now() + limitMs
  for (;;) {
    const damages: Damage[] = []
    for (const list of lists) damages.push(await list.check(signal))
    if (damages.every(({ attached }) => attached) || performance.now() >= end) return damages
  }
}

function total(damages: readonly Damage[], kind: 'lost' | 'resurrected'): number {
  return damages.reduce((sum, damage) => sum + damage[kind], 0)
}
