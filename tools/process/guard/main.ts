/**
 * Cleans up after a run whose owner died. `startGuard` starts this program from a shell that
 * ignores the signals which may have ended the owner. The program inherits this.
 */
import { cleanUpRun } from '../clean-up.ts'

const [ledger] = process.argv.slice(2)
if (ledger === undefined) throw new Error('usage: main.ts LEDGER')
await cleanUpRun(ledger)
