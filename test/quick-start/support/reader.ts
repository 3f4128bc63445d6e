import { execFile } from 'node:child_process'
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { prepareWorkspace } from '../../../sandbox/workflow/prepare-workspace.ts'
import { runWorkflow } from '../../../sandbox/workflow/run-workflow.ts'
import { VERSION } from '../../../src/version.ts'
import type { ActionFixture } from '../../action/support/action-fixture.ts'
import { ROOT } from '../../support/registry/release-registry.ts'
import type { Published } from './published.ts'
import type { Step } from './read-page.ts'

/** A user with a terminal and a repository on GitHub who follows a page. */
export interface Reader extends AsyncDisposable {
  /** The user's repository and working directory. */
  readonly folder: string
  /**
   * Writes the file, or types the commands; returns their output.
   * @throws Error with the output when one fails
   */
  follow(step: Step): Promise<Typed>
  /** The summaries of the workflows that the user's pushes started. */
  readonly summaries: readonly string[]
}

interface Typed {
  readonly stdout: string
  readonly stderr: string
}

export interface ReaderOptions {
  readonly fixture: ActionFixture
  readonly published: Published
  /** `127.0.0.1:PORT` in place of the hosts of all issuers. */
  readonly issuer: string
  readonly tools: { readonly helm4: string; readonly kubectl: string; readonly act: string }
  /** The user's home and repository are created in this folder. */
  readonly folder: string
  readonly repository: string
  /** The kubeconfig of the first cluster. */
  readonly kubeconfig: string
  /** The reader's folder is a clone of this repository. Otherwise the reader installs a release. */
  readonly inClone: boolean
  /** Text for the emulated cloud, appended to a file that the reader writes. */
  readonly suffix: (path: string) => string
  readonly env?: Readonly<Record<string, string>>
}

const ALIYUN = fileURLToPath(new URL('./aliyun.ts', import.meta.url))

/**
 * Only these differ from the page: the hosts of the registries (npm, ghcr.io) and issuers, `@v1` of
 * the action, and the addresses of the cloud. `git push` starts the workflows of the repository in
 * a real engine.
 */
export async function startReader(options: ReaderOptions, signal: AbortSignal): Promise<Reader> {
  const { fixture, published, tools, repository, kubeconfig } = options
  const home = join(options.folder, 'home')
  const programs = join(options.folder, 'programs')
  const folder = join(options.folder, repository.split('/')[1] ?? 'platform')
  await mkdir(home)
  await mkdir(programs)
  await prepareWorkspace(folder, {}, repository)
  const summaries: string[] = []
  const hub = await startHub(async () => summaries.push(...(await runPushed(folder, options, signal))))
  const prefix = join(home, 'npm')
  const acrNopass = (program: string): string =>
    `case "$1" in plan|apply|uninstall|doctor) set -- "$@" --endpoints '${fixture.endpoints}';; esac\nexec '${program}' "$@"`
  const scripts: Readonly<Record<string, string>> = {
    'acr-nopass': acrNopass(join(prefix, 'bin/acr-nopass')),
    // The sandbox and the tests are commands of this repository; this run has its packages already.
    npm: `case "$*" in "run sandbox"|test${options.inClone ? '|ci' : ''}) exit;; esac
exec /usr/bin/env -S PATH='${process.env.PATH}' npm "$@"`,
    helm: `declare -a words=(); plain=
for word in "$@"; do case $word in oci://ghcr.io/*) plain=--plain-http; word=oci://${published.charts.host}/\${word#oci://ghcr.io/};; esac; words+=("$word"); done
exec '${tools.helm4}' "\${words[@]}" $plain`,
    openssl: `declare -a words=()
for word in "$@"; do case $word in *:443) word=${options.issuer};; esac; words+=("$word"); done
exec /usr/bin/env -S PATH='${process.env.PATH}' openssl "\${words[@]}"`,
    aliyun: `exec '${process.execPath}' '${ALIYUN}' "$@"`,
    git: `if [ "$1" = push ]; then exec '${process.execPath}' -e 'const a = await fetch("${hub.url}"); console.log(await a.text()); process.exitCode = a.ok ? 0 : 1' --input-type=module; fi
exec /usr/bin/env -S PATH='${process.env.PATH}' git -c user.name=reader -c user.email=reader@example.com "$@"`,
  }
  const write = async (file: string, text: string): Promise<void> => {
    await writeFile(file, `#!/bin/bash\n${text}\n`)
    await chmod(file, 0o755)
  }
  for (const [name, text] of Object.entries(scripts)) await write(join(programs, name), text)
  if (options.inClone) {
    await mkdir(join(folder, 'bin'), { recursive: true })
    await write(join(folder, 'bin/acr-nopass'), acrNopass(join(ROOT, 'bin/acr-nopass')))
  }
  await symlink(tools.kubectl, join(programs, 'kubectl'))
  const env = {
    ...fixture.env,
    PATH: `${programs}:${dirname(process.execPath)}:${process.env.PATH}`,
    HOME: home,
    KUBECONFIG: kubeconfig,
    GITHUB_API_URL: published.github,
    HELM_REGISTRY_CONFIG: published.charts.loginFile,
    npm_config_registry: published.npm,
    npm_config_prefix: prefix,
    npm_config_cache: join(home, '.npm'),
    npm_config_update_notifier: 'false',
    ACR_NOPASS_TEST_RAM: fixture.cloud.endpoints.ram,
    ...options.env,
  }
  return {
    folder,
    summaries,
    follow: async (step) => {
      if (step.kind === 'commands') return type(step, folder, env, signal)
      const file = join(folder, step.path)
      await mkdir(dirname(file), { recursive: true })
      await writeFile(file, `${step.text}${options.suffix(step.path)}`)
      return { stdout: '', stderr: '' }
    },
    [Symbol.asyncDispose]: () => hub.stop(),
  }
}

/**
 * Runs a block in a shell that stops at the first command that fails. Variables that a block
 * exports are set in the following blocks.
 */
function type(
  { text, line }: Step,
  cwd: string,
  env: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Typed> {
  const exported = join(env.HOME ?? cwd, 'exported')
  const script = `[ ! -e '${exported}' ] || . '${exported}'\n${text}\nexport -p > '${exported}'\n`
  return new Promise((resolve, reject) => {
    execFile(
      'bash',
      ['--norc', '-euo', 'pipefail', '-c', script],
      { cwd, env, signal, maxBuffer: 1 << 24 },
      (error, stdout, stderr) => {
        if (error === null) resolve({ stdout, stderr })
        else reject(new Error(`line ${line} of the page:\n${text}\n${stdout}${stderr}`))
      },
    )
  })
}

/** A GitHub that only supports `git push`. */
async function startHub(onPush: () => Promise<unknown>): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const server = createServer((_request, response) => {
    onPush().then(
      () => response.end('pushed'),
      (error: unknown) => response.writeHead(500).end(String(error)),
    )
  })
  // A reader that cannot start does not stop its hub.
  server.unref()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/**
 * Runs the workflows that a push starts, on a copy that uses this version of the action; returns
 * their summaries.
 */
async function runPushed(folder: string, options: ReaderOptions, signal: AbortSignal): Promise<readonly string[]> {
  const { fixture, tools, repository } = options
  const scratch = await mkdtemp(join(options.folder, 'push-'))
  const workspace = join(scratch, 'repository')
  await cp(folder, workspace, { recursive: true })
  const workflows = join(workspace, '.github', 'workflows')
  const summaries: string[] = []
  const names = (await readdir(workflows)).filter((name) => /\.ya?ml$/.test(name))
  for (const workflow of names.sort()) {
    const text = await readFile(join(workflows, workflow), 'utf8')
    await writeFile(join(workflows, workflow), onEmulator(text))
    const record = await runWorkflow(
      {
        act: tools.act,
        helm: tools.helm4,
        workspace,
        workflow,
        event: 'push',
        scratch: await mkdtemp(join(scratch, 'job-')),
        variables: { ALIBABA_CLOUD_ENDPOINTS: fixture.endpoints },
        idToken: fixture.cloud.githubRunner({ repository }),
      },
      signal,
    )
    if (!record.succeeded) throw new Error([record.summary, ...record.log].join('\n'))
    summaries.push(record.summary)
  }
  return summaries
}

function onEmulator(text: string): string {
  const major = VERSION.split('.')[0]
  const local = text.replace(
    new RegExp(`^( *)- uses: acr-nopass/acr-nopass@v${major}\n( *)with:\n`, 'm'),
    `$1- uses: ./\n$2with:\n$2  endpoints: \${{ vars.ALIBABA_CLOUD_ENDPOINTS }}\n`,
  )
  if (local === text) throw new Error('the workflow does not use this action')
  return local
}
