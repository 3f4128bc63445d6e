import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { addDoctor } from '../../src/cli/doctor/command.ts'
import type { CliHost } from '../../src/cli/program/cli-host.ts'
import { runCli } from '../../src/cli/program/run-command-line.ts'
import type { ClusterCheck } from '../../src/fleet/cluster-check.ts'
import { ROOT } from '../cli/run-bin.ts'
import { type FakeApiServer, type FakeObject, startFakeApiServer } from '../support/fake-api-server.ts'
import { VALUES } from './release-objects.ts'

export interface Fleet extends AsyncDisposable {
  readonly folder: string
  readonly servers: Readonly<Record<string, FakeApiServer>>
  /** Runs `doctor --clusters-file …`. The arguments come last. */
  run(...args: readonly string[]): Promise<{ readonly code: number; readonly text: string }>
  /** The same with `-o json`, with the clusters by name. */
  check(
    ...args: readonly string[]
  ): Promise<{ readonly code: number; readonly clusters: Readonly<Record<string, ClusterCheck>> }>
}

/** Starts one API server in memory for each cluster, and writes the list of them. */
export async function openFleet(
  clusters: Readonly<Record<string, readonly FakeObject[]>>,
  more: readonly object[] = [],
): Promise<Fleet> {
  const folder = await mkdtemp(join(tmpdir(), 'acr-nopass-fleet-'))
  const servers: Record<string, FakeApiServer> = {}
  for (const [name, objects] of Object.entries(clusters)) {
    const server = await startFakeApiServer(objects)
    servers[name] = server
    await writeFile(join(folder, `${name}.kubeconfig`), server.kubeconfig)
  }
  const entries = Object.keys(clusters).map((name) => ({ name, kubeconfig: { file: `${name}.kubeconfig` } }))
  await writeFile(join(folder, 'clusters.yaml'), stringify([...entries, ...more]))
  await writeFile(join(folder, 'values.yaml'), stringify(VALUES))
  const run = async (...args: readonly string[]) => {
    let text = ''
    let errors = ''
    const host: CliHost = {
      argv: ['doctor', '--clusters-file', join(folder, 'clusters.yaml'), '-f', join(folder, 'values.yaml'), ...args],
      program: 'acr-nopass',
      env: {},
      workingDirectory: folder,
      pid: process.pid,
      root: ROOT,
      temporaryFolder: folder,
      stdout: { write: (part) => (text += part) },
      stderr: { write: (part) => (errors += part) },
      signal: new AbortController().signal,
    }
    const code = await runCli(host, [addDoctor])
    return { code, text: text + errors }
  }
  return {
    folder,
    servers,
    run,
    async check(...args) {
      const { code, text } = await run('-o', 'json', ...args)
      const { clusters: list } = JSON.parse(text) as { readonly clusters: readonly ClusterCheck[] }
      return { code, clusters: Object.fromEntries(list.map((one) => [one.name, one])) }
    },
    async [Symbol.asyncDispose]() {
      for (const server of Object.values(servers)) await server[Symbol.asyncDispose]()
      await rm(folder, { recursive: true })
    },
  }
}

/** Names what a check has left in its temporary folder. */
export async function leftFiles({ folder }: Fleet): Promise<readonly string[]> {
  return (await readdir(folder)).filter((name) => name.startsWith('acr-nopass-'))
}
