import { spawn } from 'node:child_process'
import type { KubeConfig } from '@kubernetes/client-node'
import { NopassError } from '../errors.ts'

/** Nobody can type anything for a plugin, but some wait three minutes for a login in the browser. */
const LIMIT_MS = 200_000

/** The part of the library's exec authenticator that starts the program. */
interface ExecAuthenticator {
  execFn: (command: string, args: readonly string[], options: { readonly env?: NodeJS.ProcessEnv }) => unknown
}

/**
 * Has the kubeconfig's plugin run as kubectl runs it without a terminal, and with a limit; the library leaves its input open.
 * @returns the error for what the library then throws
 */
export function guardPlugin(config: KubeConfig, limitMs: number = LIMIT_MS): (cause: unknown) => NopassError {
  const exec = config.getCurrentUser()?.exec
  const { authenticators } = config as unknown as { readonly authenticators: readonly object[] }
  const authenticator = authenticators.find((one): one is ExecAuthenticator => 'execFn' in one)
  let end = 'printed no credential'
  if (exec) {
    const info = { kind: 'ExecCredential', apiVersion: exec.apiVersion, spec: { interactive: false } }
    exec.env = [...(exec.env ?? []), { name: 'KUBERNETES_EXEC_INFO', value: JSON.stringify(info) }]
  }
  if (authenticator !== undefined) {
    authenticator.execFn = (command, args = [], options) => {
      end = 'printed no credential'
      const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
      const timer = setTimeout(() => {
        end = `did not end within ${limitMs / 1000} s`
        child.kill('SIGKILL')
        // A process that it started may hold them open.
        child.stdout.destroy()
        child.stderr.destroy()
      }, limitMs)
      child.on('error', ({ code }: NodeJS.ErrnoException) => {
        end = code === 'ENOENT' ? 'is not on PATH' : `cannot be run (${code})`
      })
      child.on('exit', (code) => {
        if (code !== null && code !== 0) end = `ended with the exit code ${code}`
      })
      child.on('close', () => clearTimeout(timer))
      return child
    }
  }
  return (cause) => {
    const { path, syscall } = cause as NodeJS.ErrnoException
    if (syscall === 'open') return invalid(`${path} of the kubeconfig cannot be read`, cause)
    const { server = '' } = config.getCurrentCluster() ?? {}
    if (server.startsWith('http:')) return invalid(`the kubeconfig's server ${server} is not https`, cause)
    if (exec) return invalid(`the kubeconfig's plugin ${exec.command} ${end}`, cause)
    return invalid("the kubeconfig's user could not be authenticated", cause)
  }
}

function invalid(message: string, cause: unknown): NopassError {
  return new NopassError('KUBECONFIG_INVALID', message, { cause })
}
