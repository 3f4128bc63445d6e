import { fileURLToPath } from 'node:url'
import { addCleanup } from './cleanup/command.ts'
import { addCompletion } from './completion/command.ts'
import { addCredentialProvider } from './credential-provider/command.ts'
import { addDoctor } from './doctor/command.ts'
import { addHelper } from './helper/command.ts'
import { addImport } from './import/command.ts'
import { addInit } from './init/command.ts'
import { addLogin } from './login/command.ts'
import { addNode } from './node/command.ts'
import { addPolicy } from './policy/command.ts'
import { runCommandLine } from './program/run-command-line.ts'
import { addRefresh } from './refresh/command.ts'
import { addRollout } from './rollout/command.ts'
import { addValidate } from './validate/command.ts'

// In a checkout this file is src/cli/main.ts, in the package dist/chunks/main-….js.
const root = fileURLToPath(new URL('../../', import.meta.url))
// The commands by name, in the order of `--help`. A known first word loads only its own command,
// because building all takes longer than reading a file. Any other word loads all commands.
const COMMANDS = {
  init: addInit,
  validate: addValidate,
  plan: addRollout,
  apply: addRollout,
  uninstall: addRollout,
  login: addLogin,
  logout: addLogin,
  policy: addPolicy,
  doctor: addDoctor,
  refresh: addRefresh,
  import: addImport,
  cleanup: addCleanup,
  node: addNode,
  'credential-provider': addCredentialProvider,
  helper: addHelper,
}
const named = Object.entries(COMMANDS).flatMap(([name, add]) => (name === process.argv[2] ? [add] : []))
const all = [...new Set(Object.values(COMMANDS)), addCompletion]
await runCommandLine(process, root, named.length > 0 ? named : all)
