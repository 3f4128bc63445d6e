import { after } from 'node:test'
import { openChartCluster } from '../support/chart-cluster.ts'
import { openGuarded } from '../support/guarded.ts'
import { testGuardOfServiceAccounts } from './guard-accounts-suite.ts'

const chart = await openChartCluster('guard-accounts')
after(() => chart[Symbol.asyncDispose]())
testGuardOfServiceAccounts(await openGuarded(chart))
