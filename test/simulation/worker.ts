import { parentPort } from 'node:worker_threads'
import { planOf, simulate } from './simulate.ts'

parentPort?.on('message', (seed: number) => {
  void simulate(planOf(seed)).then(({ plan, violations, time, events }) => {
    parentPort?.postMessage({ plan, violations, time, events })
  })
})
