import { after } from 'node:test'
import { openChartCluster } from '../support/cluster/chart-cluster.ts'
import { openGuarded } from '../support/cluster/guarded.ts'
import { testGuardOfServiceAccounts } from './guard-accounts-suite.ts'

const chart = await openChartCluster('guard-accounts')
after(() => chart[Symbol.asyncDispose]())
testGuardOfServiceAccounts(await openGuarded(chart))
