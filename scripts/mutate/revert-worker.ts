// Runs recorded runs on sources of which one line is changed while they are imported. No file
// changes, so that an interruption leaves nothing behind.
import { enableCompileCache, registerHooks } from 'node:module'
import { fileURLToPath } from 'node:url'
import { parentPort, workerData } from 'node:worker_threads'
import { applyRevert, type Revert } from '../../test/simulation/reverts.ts'

// Most of an import is spent on removing types.
enableCompileCache(fileURLToPath(new URL('../../.cache/mutate-compiled', import.meta.url)))
const revert = workerData as Revert | undefined
let isApplied = revert === undefined

if (revert !== undefined) {
  const changed = new URL(`../../${revert.file}`, import.meta.url).href
  registerHooks({
    load(url, context, next) {
      const loaded = next(url, context)
      if (url !== changed) return loaded
      isApplied = true
      return { ...loaded, source: applyRevert(String(loaded.source), revert) }
    },
  })
}
const { FOUND } = await import('../../test/simulation/found.ts')
const { simulate } = await import('../../test/simulation/simulate.ts')
if (!isApplied) throw new Error(`${revert?.file} is not part of the simulation`)

parentPort?.on('message', (index: number) => {
  void Promise.resolve(FOUND[index])
    .then((found) => (found === undefined ? undefined : simulate(found.plan)))
    .then((report) => parentPort?.postMessage(report?.violations[0]?.rule ?? ''))
})
