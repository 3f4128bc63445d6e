import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { KubeClient } from '../../src/kube/client.ts'
import type { Progress } from '../../src/sandbox/progress.ts'
import { runBin } from '../cli/run-bin.ts'
import { openChartCluster } from '../support/cluster/chart-cluster.ts'

export interface MemorySizes {
  readonly pods: number
  readonly replicaSets: number
}

/** Mebibytes. */
const LIMIT = 250
const RECORD = fileURLToPath(new URL('memory-record.ts', import.meta.url))
const IMAGE = 'demo-registry.cn-hangzhou.cr.aliyuncs.com/team/app:1'
const OLD = 'aliyun-acr-credential-a'
const NAMESPACES = 20
const RELEASE = {
  registries: [{ name: 'demo', edition: 'enterprise', instanceId: 'cri-abc123', region: 'cn-hangzhou' }],
  identity: { type: 'worker-role' },
  attach: 'serviceAccounts',
}

/** Fills a real API server and measures each command in a process of its own; 1 when one needs more than the limit. */
export async function runMemory(
  sizes: MemorySizes,
  { progress, print }: { readonly progress: Progress; readonly print: (text: string) => void },
  signal: AbortSignal,
): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'acr-nopass-memory-'))
  try {
    return await progress.step('memory', async (step) => {
      step.update('starting a cluster')
      await using chart = await openChartCluster('soak-memory')
      const { admin, cluster } = chart
      await chart.install('acr-nopass', 'acr-nopass', RELEASE)
      for (let index = 0; index < NAMESPACES; index++) {
        await chart.createNamespace(`load-${index}`)
        const secrets = `/api/v1/namespaces/load-${index}/secrets`
        const data = { '.dockerconfigjson': Buffer.from('{"auths":{}}').toString('base64') }
        const old = { metadata: { name: OLD }, type: 'kubernetes.io/dockerconfigjson', data }
        await admin.request({ method: 'POST', path: secrets, body: old })
      }
      let over = 0
      const measure = async (what: string, ...args: string[]): Promise<void> => {
        signal.throwIfAborted()
        const file = join(folder, `${args.join('')}.txt`)
        const begin = performance.now()
        const env = {
          ACR_NOPASS_MEMORY_RECORD: file,
          NODE_OPTIONS: `--import=${pathToFileURL(RECORD).href}`,
        }
        const { code, stderr } = await runBin([...args, '--kubeconfig', cluster.adminKubeconfigFile], { env })
        if (code > 1 || stderr !== '') throw new Error(`${what} ended with ${code}: ${stderr}`)
        const seconds = ((performance.now() - begin) / 1000).toFixed(1)
        const peak = Math.max(...(await readFile(file, 'utf8')).trim().split('\n').map(Number)) / 1024
        if (peak > LIMIT) over++
        print(`${peak > LIMIT ? '✖ ' : ''}${what}: peak ${Math.round(peak)} MiB resident, ${seconds} s`)
      }
      await measure('doctor with nothing', 'doctor')
      step.update(`${sizes.pods} Pods`)
      await create(admin, sizes.pods, signal, (index) => ['/api/v1', 'pods', podOf(index)])
      await measure(`doctor with ${sizes.pods} Pods`, 'doctor', '-o', 'json')
      step.update(`${sizes.replicaSets} ReplicaSets`)
      await create(admin, sizes.replicaSets, signal, (index) => ['/apis/apps/v1', 'replicasets', replicaSetOf(index)])
      await measure(`cleanup --legacy with ${sizes.replicaSets} ReplicaSets more`, 'cleanup', '--legacy', '-o', 'json')
      return over > 0 ? 1 : 0
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** The spec of a Pod as an application has it: variables, probes, volumes. */
function specOf(): object {
  const env = Array.from({ length: 20 }, (_, at) => ({ name: `SETTING_${at}`, value: `value-${at}-${'x'.repeat(60)}` }))
  const probe = { httpGet: { path: '/healthz', port: 8080 } }
  const container = { name: 'app', image: IMAGE, env, livenessProbe: probe, readinessProbe: probe }
  return {
    automountServiceAccountToken: false,
    imagePullSecrets: [{ name: OLD }],
    containers: [container],
    volumes: [{ name: 'config', configMap: { name: 'settings' } }],
  }
}

const metadataOf = (prefix: string, index: number): object => ({
  name: `${prefix}-${index}`,
  labels: { app: `app-${index % 500}`, team: `team-${index % 10}` },
  annotations: { 'example.com/notes': 'x'.repeat(500) },
})
const podOf = (index: number): object => ({ metadata: metadataOf('pod', index), spec: specOf() })
const replicaSetOf = (index: number): object => {
  const labels = { app: `rs-${index}` }
  const template = { metadata: { labels }, spec: specOf() }
  return { metadata: metadataOf('rs', index), spec: { replicas: 0, selector: { matchLabels: labels }, template } }
}

async function create(
  admin: KubeClient,
  count: number,
  signal: AbortSignal,
  describe: (index: number) => readonly [root: string, plural: string, body: object],
): Promise<void> {
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < count) {
      const index = next++
      const [root, plural, body] = describe(index)
      const path = `${root}/namespaces/load-${index % NAMESPACES}/${plural}`
      await admin.request({ method: 'POST', path, body }, signal)
    }
  }
  await Promise.all(Array.from({ length: 16 }, worker))
}
