/**
 * Cleans up after a run whose owner died. Started by `startGuard`; inherits from the waiting shell that it ignores the
 * signals that ended its owner.
 */
import { cleanUpRun } from '../clean-up.ts'

const [ledger] = process.argv.slice(2)
if (ledger === undefined) throw new Error('usage: main.ts LEDGER')
await cleanUpRun(ledger)
