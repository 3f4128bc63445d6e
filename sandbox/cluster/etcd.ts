import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Child } from '../../tools/process/child.ts'
import { freePort, retryPort } from '../../tools/process/free-port.ts'
import { untilReady } from '../../tools/process/ready.ts'
import type { Run } from '../../tools/process/run.ts'

/** An etcd that serves any number of clusters, each with its own key prefix. */
export type Etcd = Awaited<ReturnType<typeof startEtcd>>

interface EtcdOptions {
  readonly tools: { readonly etcd: string }
  readonly run: Run
  /**
   * Sync every write to disk, as in production; default: false, because the data is deleted when
   * the run ends.
   */
  readonly fsync?: boolean
  readonly signal?: AbortSignal | undefined
}

/** Starts etcd, which takes about 0.5 s and 50 MB of memory. */
export async function startEtcd({ tools, run, fsync = false, signal }: EtcdOptions) {
  const folder = join(run.folder, `etcd-${await freePort()}`)
  mkdirSync(folder, { mode: 0o700 })
  const { url, startAgain, first } = await retryPort(async () => {
    const address = `http://127.0.0.1:${await freePort()}`
    const peer = `http://127.0.0.1:${await freePort()}`
    const spec = {
      name: 'etcd',
      disposable: true,
      logFile: join(folder, 'etcd.log'),
      command: tools.etcd,
      args: [
        '--name=sandbox',
        `--data-dir=${join(folder, 'data')}`,
        `--unsafe-no-fsync=${!fsync}`,
        '--log-level=warn',
        `--listen-client-urls=${address}`,
        `--advertise-client-urls=${address}`,
        `--listen-peer-urls=${peer}`,
        `--initial-advertise-peer-urls=${peer}`,
        `--initial-cluster=sandbox=${peer}`,
      ],
    }
    const startOnce = async (): Promise<Child> => {
      const started = await run.start(spec)
      const healthy = async (): Promise<boolean> => (await fetch(`${address}/health`)).ok
      await untilReady(healthy, { what: 'etcd', limitMs: 30_000, child: started }, signal)
      return started
    }
    return { url: address, startAgain: startOnce, first: await startOnce() }
  })
  let child = first
  const stop = async (): Promise<void> => void (await child.stop())
  return {
    url,
    get process() {
      return child
    },
    /** Deletes all keys under a cluster's prefix. */
    deletePrefix: (prefix: string) => deletePrefix(url, prefix),
    /** Kills the process, as a fault. */
    async kill() {
      child.signal('SIGKILL')
      await child.exited
    },
    /** Starts the process again with the same data and address. Resolves when it is healthy. */
    async restart() {
      child = await startAgain()
    },
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

async function deletePrefix(url: string, prefix: string): Promise<void> {
  const base64 = (text: string): string => Buffer.from(text).toString('base64')
  // The range ends before `prefix0`, because '0' is the byte after '/'.
  const body = JSON.stringify({ key: base64(`${prefix}/`), range_end: base64(`${prefix}0`) })
  const response = await fetch(`${url}/v3/kv/deleterange`, { method: 'POST', body })
  await response.arrayBuffer()
}
