import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { addDoctor } from '../../src/cli/doctor/command.ts'
import type { CliHost } from '../../src/cli/program/cli-host.ts'
import { runCli } from '../../src/cli/program/run-command-line.ts'
import type { ClusterCheck } from '../../src/fleet/cluster-check.ts'
import { ROOT } from '../cli/run-bin.ts'
import { type FakeApiServer, type FakeObject, startFakeApiServer, stored } from '../support/fake-api-server.ts'
import { VALUES } from './release-objects.ts'

export interface Fleet extends AsyncDisposable {
  readonly folder: string
  readonly servers: Readonly<Record<string, FakeApiServer>>
  /** Changes the objects of a cluster for the next runs; without `objects`, restores them. */
  change(name: string, objects?: Objects): void
  /** Runs `doctor --clusters-file …`. The arguments come last. */
  run(...args: readonly string[]): Promise<{ readonly code: number; readonly text: string }>
  /** The same with `-o json`, with the clusters by name. */
  check(
    ...args: readonly string[]
  ): Promise<{ readonly code: number; readonly clusters: Readonly<Record<string, ClusterCheck>> }>
}

/** Makes the objects of a cluster, with times relative to now. */
export type Objects = () => readonly FakeObject[]

/**
 * Starts one API server in memory for each cluster, and writes the list of them. Each run gets new
 * objects, so that a cluster does not become old while a slow machine runs the other tests.
 */
export async function openFleet(
  clusters: Readonly<Record<string, Objects>>,
  more: readonly object[] = [],
): Promise<Fleet> {
  const folder = await mkdtemp(join(tmpdir(), 'acr-nopass-fleet-'))
  const servers: Record<string, FakeApiServer> = {}
  const current: Record<string, Objects> = { ...clusters }
  for (const [name, objects] of Object.entries(clusters)) {
    const server = await startFakeApiServer(objects())
    servers[name] = server
    await writeFile(join(folder, `${name}.kubeconfig`), server.kubeconfig)
  }
  const entries = Object.keys(clusters).map((name) => ({ name, kubeconfig: { file: `${name}.kubeconfig` } }))
  await writeFile(join(folder, 'clusters.yaml'), stringify([...entries, ...more]))
  await writeFile(join(folder, 'values.yaml'), stringify(VALUES))
  const run: Fleet['run'] = async (...args) => {
    for (const [name, server] of Object.entries(servers)) server.objects = (current[name]?.() ?? []).map(stored)
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
    change(name, objects = clusters[name]) {
      assert.ok(objects, name)
      current[name] = objects
    },
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
