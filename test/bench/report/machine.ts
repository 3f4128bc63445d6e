import { execFile } from 'node:child_process'
import { arch, cpus, platform, release, totalmem } from 'node:os'
import { promisify } from 'node:util'
import { VERSION } from '../../../src/version.ts'
import type { Language } from './page.ts'

const run = promisify(execFile)

/** The environment of the measurement: hardware and the versions of all components, as a list. */
export interface Machine {
  readonly hardware: string
  readonly versions: string
}

type Tools = Readonly<Record<'etcd' | 'kube-apiserver' | 'helm4', string>>

export async function readMachine(tools: Tools): Promise<Machine> {
  const first = async (file: string, ...args: readonly string[]): Promise<string> =>
    ((await run(file, [...args])).stdout.split('\n')[0] ?? '').trim()
  const [server, etcd, helm] = await Promise.all([
    first(tools['kube-apiserver'], '--version'),
    first(tools.etcd, '--version'),
    first(tools.helm4, 'version', '--short'),
  ])
  const model = cpus()[0]?.model.trim() || 'unknown processor'
  const memory = Math.round(totalmem() / 2 ** 30)
  return {
    hardware: `${cpus().length} × ${model}, ${memory} GiB, ${platform()} ${release()} ${arch()}`,
    versions: `acr-nopass ${VERSION}, Node ${process.version}, ${server}, ${etcd.replace(' Version:', '')}, Helm ${helm}`,
  }
}

export function renderMachine({ hardware, versions }: Machine, at: number, language: Language): string {
  const date = new Date(at).toISOString().slice(0, 10)
  const lines = language === 'en' ? ['Machine', 'Versions', 'Last run'] : ['机器', '版本', '最近一次运行']
  const colon = language === 'en' ? ': ' : '：'
  return [hardware, versions, date].map((value, index) => `- ${lines[index]}${colon}${value}`).join('\n')
}
