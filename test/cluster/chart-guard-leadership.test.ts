import { after } from 'node:test'
import { openChartCluster } from '../support/chart-cluster.ts'
import { openGuarded } from '../support/guarded.ts'
import { testGuardOfLeadership } from './guard-leadership-suite.ts'

const chart = await openChartCluster('guard-leadership')
after(() => chart[Symbol.asyncDispose]())
testGuardOfLeadership(await openGuarded(chart))
