import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bundleCli } from '../../scripts/build/bundles.ts'
import type { Progress } from '../../tools/progress.ts'
import { BIN, ROOT, runBin } from '../cli/run-bin.ts'
import { type CrowdedSizes, startCrowdedServer } from '../support/crowded-server.ts'

/** Mebibytes. */
const LIMIT = 250
const COMMANDS = [['doctor'], ['cleanup', '--legacy']]
const EMPTY = { pods: 10, replicaSets: 10, rollouts: 0 }

/**
 * Loaded before a program: records its peak resident memory in kilobytes when it exits. Plain
 * JavaScript, without types.
 */
const RECORD = `import{appendFileSync}from'node:fs'
process.on('exit',()=>appendFileSync(process.env.ACR_NOPASS_MEMORY_RECORD,process.resourceUsage().maxRSS+'\\n'))`

/**
 * Measures the memory of each command, as published and from a checkout, each in a separate
 * process. The server generates its objects when they are read, because filling a real API server
 * takes a quarter of an hour. Returns 1 if a command needs more than the limit.
 */
export async function runMemory(
  sizes: CrowdedSizes,
  { progress, print }: { readonly progress: Progress; readonly print: (text: string) => void },
  signal: AbortSignal,
): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'acr-nopass-memory-'))
  let over = 0
  const measure = async (bin: string, where: string, size: CrowdedSizes): Promise<void> => {
    await using server = await startCrowdedServer(size)
    const kubeconfig = join(folder, 'kubeconfig')
    await writeFile(kubeconfig, server.kubeconfig)
    for (const args of COMMANDS) {
      signal.throwIfAborted()
      const file = join(folder, 'peaks')
      await rm(file, { force: true })
      const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(RECORD)}`
      const begin = performance.now()
      const { code, stderr } = await runBin([...args, '--kubeconfig', kubeconfig, '-o', 'json'], {
        bin,
        env: { ACR_NOPASS_MEMORY_RECORD: file, NODE_OPTIONS },
      })
      if (code > 1 || stderr !== '') throw new Error(`${args.join(' ')} exited with ${code}: ${stderr}`)
      const seconds = ((performance.now() - begin) / 1000).toFixed(1)
      const peak = Math.max(...(await readFile(file, 'utf8')).trim().split('\n').map(Number)) / 1024
      if (peak > LIMIT) over++
      const title = `${args.join(' ')}, ${where}, ${size.pods} Pods and ${size.replicaSets} ReplicaSets`
      print(`${peak > LIMIT ? '✖ ' : ''}${title}: peak ${Math.round(peak)} MiB resident, ${seconds} s`)
    }
  }
  try {
    return await progress.step('memory', async () => {
      const home = join(folder, 'node_modules/acr-nopass')
      await bundleCli(ROOT, join(home, 'dist'))
      await cp(join(ROOT, 'bin'), join(home, 'bin'), { recursive: true })
      for (const [bin, where] of [
        [join(home, 'bin/acr-nopass'), 'as published'],
        [BIN, 'from a checkout'],
      ] as const) {
        await measure(bin, where, EMPTY)
        await measure(bin, where, sizes)
      }
      return over > 0 ? 1 : 0
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
