import { after } from 'node:test'
import { openHelm } from '../support/chart/chart.ts'
import { openChartCluster } from '../support/cluster/chart-cluster.ts'
import { testLifecycle } from './lifecycle-suite.ts'
import { testNumericNames } from './numeric-names-suite.ts'
import { testObjects } from './objects-suite.ts'

const helm = await openHelm()
const chart = await openChartCluster('chart-objects')
after(async () => {
  await chart[Symbol.asyncDispose]()
  await helm[Symbol.asyncDispose]()
})

await testObjects(chart, helm)
testLifecycle(chart, helm, chart.minor === 'newest' ? 'admission' : 'serviceAccounts')
testNumericNames(chart)
