import { after } from 'node:test'
import { openChartCluster } from '../support/cluster/chart-cluster.ts'
import { openGuarded } from '../support/cluster/guarded.ts'
import { testGuardOfLeadership } from './guard-leadership-suite.ts'

const chart = await openChartCluster('guard-leadership')
after(() => chart[Symbol.asyncDispose]())
testGuardOfLeadership(await openGuarded(chart))
