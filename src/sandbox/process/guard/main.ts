/**
 * What is left to do when the owner of a run has died without ending it: takes back all that its ledger names.
 * Started by `startGuard`; ignores the signals that ended its owner (it inherits that from the waiting shell).
 */
import { takeBackRun } from '../take-back.ts'

const [ledger] = process.argv.slice(2)
if (ledger === undefined) throw new Error('usage: main.ts LEDGER')
await takeBackRun(ledger)
