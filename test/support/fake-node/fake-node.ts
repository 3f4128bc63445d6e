import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process'
import { existsSync, globSync, lstatSync, mkdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { PROFILES, type ProfileName } from '../../../src/node/script/profiles.ts'
import { runBin } from '../../cli/run-bin.ts'

/** What `restart.ts` knows of a node. */
export interface FakeNodeState {
  readonly root: string
  /** The file with the id of the kubelet, if it is healthy. */
  readonly ready: string
  /** One line per restart. */
  readonly restarts: string
  /** For k3s and RKE2 undefined: they read a folder. */
  readonly flagFile: string | undefined
  readonly variable: string
  /** Flags that the unit gives the variable. The file of flags replaces them. */
  readonly unitFlags: readonly string[]
  /** Flags from elsewhere, in front. */
  readonly ownFlags: readonly string[]
  /** The name of the process that runs the kubelet. */
  readonly name: string
}

/** The files of a node, and a process as its kubelet. */
export interface FakeNode extends AsyncDisposable {
  readonly root: string
  /** Restarts the kubelet with further flags, as an administrator. */
  restart(ownFlags?: readonly string[]): void
  /** The text of a program `systemctl` that knows the service of this node's kubelet. */
  readonly systemctl: string
  /** The unit reads the flags from another file. */
  readFlagsFrom(path: string): void
  /** A drop-in of the unit sets the variable to these flags. Restarts the kubelet. */
  writeDropIn(flags: readonly string[]): void
  /** How often the kubelet was started. */
  restarts(): number
  isHealthy(): boolean
  /** Where the node answers whether its kubelet is healthy. */
  readonly health: string
  write(path: string, text: string, mode?: number): void
  read(path: string): string
  /** All files and links with their content, without the kubelet's processes. */
  files(): Readonly<Record<string, string>>
  /** All folders, without the kubelet's processes. */
  folders(): readonly string[]
  /** Prints the script for this node with the command line tool, and its restart command. */
  print(flags: readonly string[]): Promise<string>
  /** The same without a restart command: for an image that is being built. */
  printForImage(flags: readonly string[]): Promise<string>
  /** Starts a run of the script that a test interrupts. */
  start(shell: string, script: string): ChildProcess
  run(
    shell: string,
    script: string,
    args?: readonly string[],
    env?: Readonly<Record<string, string>>,
  ): Promise<RunResult>
}

export interface RunResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

const VALUES = `region: cn-hangzhou
identity: { type: worker-role }
node: { identity: worker-role }
registries:
  - { name: main, edition: enterprise, instanceId: cri-abc123, region: cn-hangzhou }
`

const KINDS = {
  ack: {
    flagFile: '/etc/kubernetes/kubelet-customized-args.conf',
    variable: 'KUBELET_CUSTOMIZED_ARGS',
    name: 'kubelet',
  },
  kubeadm: { flagFile: '/etc/default/kubelet', variable: 'KUBELET_EXTRA_ARGS', name: 'kubelet' },
  // k3s runs the kubelet in its own process; RKE2 starts a process.
  k3s: { flagFile: undefined, variable: '', name: 'k3s' },
  rke2: { flagFile: undefined, variable: '', name: 'kubelet' },
} as const satisfies Record<ProfileName, Pick<FakeNodeState, 'flagFile' | 'variable' | 'name'>>

/** Creates a node of this kind in the folder, with a kubelet that is healthy. */
export async function createFakeNode(folder: string, profile: ProfileName): Promise<FakeNode> {
  const root = join(folder, 'root')
  for (const path of ['proc', 'etc', 'lib64']) mkdirSync(join(root, path), { recursive: true })
  const stateFile = join(folder, 'state.json')
  let state: FakeNodeState = {
    root,
    ready: join(folder, 'ready'),
    restarts: join(folder, 'restarts'),
    unitFlags: [],
    ownFlags: ['--v=2'],
    ...KINDS[profile],
  }
  writeFileSync(stateFile, JSON.stringify(state))
  writeFileSync(join(folder, 'values.yaml'), VALUES)
  writeFileSync(state.restarts, '')
  const isHealthy = (): boolean => {
    if (!existsSync(state.ready)) return false
    try {
      return process.kill(Number(readFileSync(state.ready, 'utf8')), 0)
    } catch {
      return false
    }
  }
  const server = createServer((_request, response) => response.writeHead(isHealthy() ? 200 : 500).end())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const health = `http://127.0.0.1:${(server.address() as AddressInfo).port}/healthz`
  const restart = [process.execPath, join(import.meta.dirname, 'restart.ts'), stateFile]
  const environment = { PATH: process.env.PATH ?? '', TMPDIR: folder }
  const print = async (flags: readonly string[]): Promise<string> => {
    const given = ['--profile', profile, '--health-url', health, '--health-seconds', '60', ...flags]
    const { code, stdout, stderr } = await runBin(['node', 'script', '-f', join(folder, 'values.yaml'), ...given])
    if (code !== 0) throw new Error(stderr)
    const script = join(folder, 'script.sh')
    writeFileSync(script, stdout)
    return script
  }
  const node: FakeNode = {
    root,
    restart(ownFlags = ['--v=2']) {
      writeFileSync(stateFile, JSON.stringify({ ...state, ownFlags }))
      const [program = '', ...args] = restart
      execFileSync(program, args)
    },
    systemctl: `case $1 in is-active) [ "$3" = ${PROFILES[profile].services[0]} ] ;; restart) exec ${restart.join(' ')} ;; esac`,
    readFlagsFrom(path) {
      state = { ...state, flagFile: path }
      writeFileSync(stateFile, JSON.stringify(state))
    },
    writeDropIn(flags) {
      state = { ...state, unitFlags: flags }
      const text = `[Service]\nEnvironment="${state.variable}=${flags.join(' ')}"\n`
      node.write('/etc/systemd/system/kubelet.service.d/20-flags.conf', text)
      node.restart()
    },
    restarts: () => readFileSync(state.restarts, 'utf8').split('\n').length - 1,
    isHealthy,
    health,
    write(path, text, mode = 0o644) {
      mkdirSync(dirname(join(root, path)), { recursive: true })
      writeFileSync(join(root, path), text, { mode })
    },
    read: (path) => readFileSync(join(root, path), 'utf8'),
    files: () =>
      Object.fromEntries(
        globSync('**/{*,.*}', { cwd: root })
          .filter((path) => !path.startsWith('proc') && !lstatSync(join(root, path)).isDirectory())
          .sort()
          .map((path) => {
            const found = lstatSync(join(root, path))
            const content = found.isSymbolicLink()
              ? `-> ${readlinkSync(join(root, path))}`
              : readFileSync(join(root, path), 'latin1')
            return [path, `${found.mode.toString(8)} ${content}`]
          }),
      ),
    folders: () =>
      globSync('**/{*,.*}', { cwd: root })
        .filter((path) => !path.startsWith('proc') && lstatSync(join(root, path)).isDirectory())
        .sort(),
    print: (flags) => print(['--restart', restart.join(' '), ...flags]),
    printForImage: print,
    start: (shell, script) => spawn(shell, [script, '--root', root], { env: environment, stdio: 'ignore' }),
    run: (shell, script, args = ['--root', root], env = {}) =>
      new Promise((resolve) => {
        const options = { env: { ...environment, ...env }, timeout: 120_000 }
        const child = execFile(shell, [script, ...args], options, (_error, stdout, stderr) =>
          resolve({ code: child.exitCode ?? -1, stdout, stderr }),
        )
      }),
    async [Symbol.asyncDispose]() {
      if (isHealthy()) process.kill(Number(readFileSync(state.ready, 'utf8')), 'SIGKILL')
      await new Promise((resolve) => server.close(resolve))
      rmSync(folder, { recursive: true, force: true })
    },
  }
  // The C library, in which the script looks for the text with its version.
  node.write('/lib64/libc.so.6', 'GNU C Library (GNU libc) stable release version 2.32.\n')
  node.restart()
  return node
}
