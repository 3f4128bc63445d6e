import { fileURLToPath } from 'node:url'
import { addCleanup } from './commands/cleanup.ts'
import { addCompletion } from './commands/completion.ts'
import { addDoctor } from './commands/doctor.ts'
import { addHelper } from './commands/helper.ts'
import { addImport } from './commands/import.ts'
import { addPolicy } from './commands/policy.ts'
import { addRefresh } from './commands/refresh.ts'
import { addRollout } from './commands/rollout.ts'
import { addSandbox } from './commands/sandbox.ts'
import { addValidate } from './commands/validate.ts'
import { runProgram } from './start/run-program.ts'

// In a checkout this file is src/cli/main.ts, in the package dist/chunks/main-….js.
const root = fileURLToPath(new URL('../../', import.meta.url))
// In the order of `--help`.
await runProgram(process, root, [
  addValidate,
  addRollout,
  addPolicy,
  addDoctor,
  addRefresh,
  addImport,
  addCleanup,
  addHelper,
  addSandbox,
  addCompletion,
])
