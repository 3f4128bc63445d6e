import { runProgram } from '../program/run-program.ts'
import { addValidate } from '../validate/command.ts'

/** `validate` alone, for a bundle of its own: it runs at every save and every commit. */
export function runValidate(main: NodeJS.Process, root: string): Promise<void> {
  return runProgram(main, root, [addValidate])
}
