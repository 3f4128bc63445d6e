import { after } from 'node:test'
import { openChartCluster } from '../support/cluster/chart-cluster.ts'
import { openGuarded } from '../support/cluster/guarded.ts'
import { testGlobs } from './globs-suite.ts'
import { testGuardOfServiceAccounts } from './guard-accounts-suite.ts'
import { testGuardOfEvents } from './guard-events-suite.ts'
import { testGuardOfLeadership } from './guard-leadership-suite.ts'
import { testGuardOfSecrets } from './guard-secrets-suite.ts'

const chart = await openChartCluster('chart-guard')
after(() => chart[Symbol.asyncDispose]())
const guarded = await openGuarded(chart)
testGuardOfSecrets(guarded)
testGuardOfServiceAccounts(guarded)
testGuardOfLeadership(guarded)
testGuardOfEvents(guarded)
testGlobs(chart)
