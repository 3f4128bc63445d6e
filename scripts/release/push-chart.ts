import { execFile } from 'node:child_process'
import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { helmEnvironment } from '../../src/helm/helm-environment.ts'

export interface PushChartOptions {
  readonly helm: string
  readonly archive: string
  /** `oci://host/path`, without the chart's name. A loopback address uses plain HTTP. */
  readonly to: string
  readonly env: NodeJS.ProcessEnv
}

const run = promisify(execFile)
const LOOPBACK = /^oci:\/\/(127\.\d+\.\d+\.\d+|localhost|\[::1\])[:/]/

/**
 * Pushes a packaged chart to an OCI registry and returns its digest. Never overwrites an existing
 * chart.
 * @throws Error when that version exists already, or with Helm's error
 */
export async function pushChart({ helm, archive, to, env }: PushChartOptions, signal: AbortSignal): Promise<string> {
  await using home = await mkdtempDisposable(join(tmpdir(), 'acr-nopass-push-'))
  const flags = LOOPBACK.test(to) ? ['--plain-http'] : []
  const call = (...args: string[]) => run(helm, args, { env: helmEnvironment(env, home.path), signal })
  const { stdout: chart } = await call('show', 'chart', archive)
  const version = /^version: (.*)$/m.exec(chart)?.[1] ?? ''
  const reference = `${to.replace(/\/$/, '')}/${/^name: (.*)$/m.exec(chart)?.[1]}`
  const absent = await call('show', 'chart', reference, '--version', version, ...flags).then(
    () => false,
    (error: { stderr?: string; message: string }) => {
      if (isAbsent(error.stderr ?? '', `${reference.replace('oci://', '')}:${version.replace('+', '_')}`)) return true
      throw new Error(`cannot determine whether ${reference} ${version} exists: ${error.stderr || error.message}`)
    },
  )
  if (!absent) throw new Error(`${reference} ${version} already exists; a version is never pushed twice`)
  const { stdout, stderr } = await call('push', archive, to, ...flags)
  const digest = /^Digest: (sha256:[0-9a-f]{64})$/m.exec(stdout + stderr)?.[1]
  if (digest === undefined) throw new Error(`helm push printed no digest: ${stdout}${stderr}`)
  return digest
}

/**
 * True if Helm's error says that the registry lacks the reference. With any other error the version
 * may exist.
 */
function isAbsent(stderr: string, reference: string): boolean {
  return stderr
    .split('\n')
    .some((line) => / (\S+): not found$/.exec(line)?.[1] === reference && !/ rejecting /.test(line))
}
