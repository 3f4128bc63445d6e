import { after } from 'node:test'
import { openHelm } from '../support/chart/chart.ts'
import { openChartCluster } from '../support/cluster/chart-cluster.ts'
import { testLifecycle } from './lifecycle-suite.ts'
import { testNumericNames } from './numeric-names-suite.ts'
import { testObjects } from './objects-suite.ts'

const helms = [await openHelm('helm4'), await openHelm('helm3')] as const
const chart = await openChartCluster('chart-objects')
after(async () => {
  await chart[Symbol.asyncDispose]()
  await Promise.all(helms.map((helm) => helm[Symbol.asyncDispose]()))
})

await testObjects(chart, helms[0])
for (const helm of helms) testLifecycle(chart, helm, chart.minor === 'newest' ? 'admission' : 'serviceAccounts')
testNumericNames(chart)
