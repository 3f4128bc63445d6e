import { spawn } from 'node:child_process'
import { once } from 'node:events'

/** Runs a program. Returns its output if it failed, or else an empty string. */
export async function runProgram(
  command: string,
  args: readonly string[],
  cwd: string,
  signal: AbortSignal,
): Promise<string> {
  const child = spawn(command, args, { cwd, signal, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  const collect = (chunk: Buffer) => {
    output += chunk.toString()
  }
  child.stdout.on('data', collect)
  child.stderr.on('data', collect)
  const [code, name] = await once(child, 'close')
  return code === 0 ? '' : output.trim() || `${command} exited with ${code ?? name}`
}
