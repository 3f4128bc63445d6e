import { fileURLToPath } from 'node:url'
import { addCleanup } from './cleanup/command.ts'
import { addCompletion } from './completion/command.ts'
import { addDoctor } from './doctor/command.ts'
import { addHelper } from './helper/command.ts'
import { addImport } from './import/command.ts'
import { addPolicy } from './policy/command.ts'
import { runProgram } from './program/run-program.ts'
import { addRefresh } from './refresh/command.ts'
import { addRollout } from './rollout/command.ts'
import { addSandbox } from './sandbox/command.ts'
import { addValidate } from './validate/command.ts'

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
