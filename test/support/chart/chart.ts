import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { helmEnvironment } from '../../../src/helm/helm-environment.ts'
import { ensureTools } from '../../../tools/build/ensure-tools.ts'
import { silentProgress } from '../silent-progress.ts'
import { HELM_VARIABLE } from '../version-variables.ts'

export const CHART: string = fileURLToPath(new URL('../../../chart', import.meta.url))

/** The newest Kubernetes version for which the tests render the chart. */
export const NEWEST = '1.37.0'

interface RenderOptions {
  /** Values files or values. */
  readonly values: readonly (string | object)[]
  readonly kubeVersion?: string
  readonly release?: string
  readonly namespace?: string
  readonly chart?: string
}

export interface HelmResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Helm 3 or 4 with a private home folder, which is removed by `dispose`. */
export interface TestHelm extends AsyncDisposable {
  readonly name: 'helm3' | 'helm4'
  run(args: readonly string[], values?: readonly (string | object)[]): Promise<HelmResult>
  /** Returns the rendered manifest. If Helm fails, throws its output. */
  render(options: RenderOptions): Promise<string>
  /** Returns the error output of a failing Helm. Throws if Helm succeeds. */
  refusal(options: RenderOptions): Promise<string>
}

/** The Helm version of this run. `npm run test:all` repeats the files that use it with Helm 3. */
const HELM: TestHelm['name'] = process.env[HELM_VARIABLE] ? 'helm3' : 'helm4'

export async function openHelm(name: TestHelm['name'] = HELM): Promise<TestHelm> {
  const program = name === 'helm3' && process.env[HELM_VARIABLE] === '3.18' ? 'helm-3.18' : name
  const tools = await ensureTools([program], { progress: silentProgress, signal: new AbortController().signal })
  const home = await mkdtemp(join(tmpdir(), 'acr-nopass-helm-'))
  let files = 0
  const run: TestHelm['run'] = async (args, values = []) => {
    const flags: string[] = []
    for (const value of values) {
      let file = value
      if (typeof file !== 'string') {
        file = join(home, `values-${files++}.json`)
        await writeFile(file, JSON.stringify(value))
      }
      flags.push('-f', file)
    }
    return await new Promise((resolve) => {
      const options = { env: helmEnvironment(process.env, home), maxBuffer: 64 * 1024 * 1024 }
      execFile(tools[program], [...args, ...flags], options, (error, stdout, stderr) =>
        resolve({ code: error ? Number(error.code ?? 1) : 0, stdout, stderr }),
      )
    })
  }
  const template = (options: RenderOptions): Promise<HelmResult> => {
    const { release = 'acr-nopass', namespace = 'acr-system', kubeVersion = NEWEST, chart = CHART } = options
    return run(['template', release, chart, '--namespace', namespace, '--kube-version', kubeVersion], options.values)
  }
  return {
    name,
    run,
    render: async (options) => {
      const { code, stdout, stderr } = await template(options)
      if (code !== 0) throw new Error(stderr)
      return stdout
    },
    refusal: async (options) => {
      const { code, stderr } = await template(options)
      if (code === 0) throw new Error('the chart rendered, but should have refused')
      return stderr
    },
    [Symbol.asyncDispose]: () => rm(home, { recursive: true, force: true }),
  }
}

/** Lists the scenarios in chart/ci. */
export async function listScenarios(): Promise<readonly { readonly name: string; readonly file: string }[]> {
  const files = await readdir(join(CHART, 'ci'))
  return files.sort().map((file) => ({ name: file.replace(/-values\.yaml$/, ''), file: join(CHART, 'ci', file) }))
}

/** Returns the file of a scenario. */
export function scenario(name: string): string {
  return join(CHART, 'ci', `${name}-values.yaml`)
}

/**
 * Removes blank lines: Helm 4 adds one after each template, which is the only difference from Helm
 * 3.
 */
export function withoutBlankLines(manifest: string): string {
  return manifest.replace(/\n{2,}/g, '\n')
}

/** Compares with a file of test/contract/golden/chart, or writes it when UPDATE_GOLDEN is set. */
export async function readGolden(name: string, actual: string): Promise<string> {
  const file = fileURLToPath(new URL(`../../contract/golden/chart/${name}`, import.meta.url))
  if (process.env.UPDATE_GOLDEN) await writeFile(file, actual)
  return await readFile(file, 'utf8')
}
