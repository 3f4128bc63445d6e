import { after } from 'node:test'
import { openChartCluster } from '../support/cluster/chart-cluster.ts'
import { openGuarded } from '../support/cluster/guarded.ts'
import { testGuardOfSecrets } from './guard-secrets-suite.ts'

const chart = await openChartCluster('guard-secrets')
after(() => chart[Symbol.asyncDispose]())
testGuardOfSecrets(await openGuarded(chart))
