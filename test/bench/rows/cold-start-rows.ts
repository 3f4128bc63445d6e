import type { RowSpec } from '../report/row.ts'
import { againstMinimal } from './against-minimal.ts'

export const COLD_START_ROWS: readonly RowSpec[] = [
  {
    id: 'cold-each',
    title: {
      en: 'Cold start, from the start of the process until all are usable, for each namespace',
      zh: '冷启动，从进程启动到全部可用，每个命名空间',
    },
    measure: 'writes',
    bars: [0.75],
    peers: {
      en: 'tamcore 2.1x (one worker; 0.74x with 16), alexellis 18x, titansoft 109x; lower bound 0.68x',
      zh: 'tamcore 2.1x（单工作协程；16 个时 0.74x），alexellis 18x，titansoft 109x；下限 0.68x',
    },
  },
  {
    id: 'cold-first',
    title: {
      en: 'First namespace usable, share of the whole time since the process began',
      zh: '第一个命名空间可用，占进程启动以来总时间的比例',
    },
    measure: 'percent',
    bars: [5],
    peers: {
      en: 'tamcore 2.6 % (0.27 s of 10 s); a program that writes all Secrets first 42 %',
      zh: 'tamcore 2.6 %（10 s 中的 0.27 s）；先写完所有 Secret 的程序 42 %',
    },
  },
  {
    id: 'cold-first-write',
    title: { en: 'The same, counted from its first write', zh: '同上，从第一次写入算起' },
    measure: 'percent',
    bars: [5],
    peers: {
      en: 'the order of the work alone, without the start of the process and the first lists',
      zh: '只看工作顺序，不含进程启动和首次列举',
    },
  },
  {
    id: 'rotation-each',
    title: {
      en: 'Rotation of a revoked token, from the refused login until all have the new one, for each namespace',
      zh: '令牌被吊销后的轮换，从登录被拒到全部换新，每个命名空间',
    },
    measure: 'writes',
    bars: [0.45],
    peers: {
      en: 'tamcore 1.4x (tuned 0.63x), titansoft 113x (deletes, then creates), alexellis never; lower bound 0.41x (without asking for a token)',
      zh: 'tamcore 1.4x（调优后 0.63x），titansoft 113x（先删后建），alexellis 从不；下限 0.41x（不含取令牌）',
    },
  },
  {
    id: 'servers-each',
    title: {
      en: "The servers' own CPU for it, spread over all cores: cold start / rotation, for each namespace",
      zh: '服务器自身为此所用的 CPU，平摊到所有核：冷启动 / 轮换，每个命名空间',
    },
    measure: 'writes',
    peers: {
      en: 'API server, etcd and controller-manager for these very writes: what a client without any CPU of its own would take',
      zh: 'API Server、etcd 与 controller-manager 处理这些写入：一个自身不耗 CPU 的客户端所需的时间',
    },
  },
  {
    id: 'minimal-each',
    title: {
      en: 'The minimal program in this run: cold start / rotation, for each namespace',
      zh: '本次运行中的最小程序：冷启动 / 轮换，每个命名空间',
    },
    measure: 'writes',
    peers: {
      en: 'no token, no lease, no state: the lower bound on this machine',
      zh: '无令牌、无租约、无状态：本机的下限',
    },
  },
  againstMinimal('each-against-minimal', { en: 'cold start / rotation', zh: '冷启动 / 轮换' }, [1.15, 1.15]),
  {
    id: 'rotation-requests',
    title: { en: 'Requests of the rotation, for each namespace', zh: '轮换的请求数，每个命名空间' },
    measure: 'count',
    bars: [1],
    peers: {
      en: 'tamcore 2 (half are Events), titansoft 4.1 (GET, DELETE, POST, LIST); lower bound 1',
      zh: 'tamcore 2（一半是 Event），titansoft 4.1（GET、DELETE、POST、LIST）；下限 1',
    },
  },
  {
    id: 'rotation-replaced',
    title: {
      en: 'Secrets that became another object / longest time without a Secret, ms',
      zh: '变成另一个对象的 Secret 数 / 没有 Secret 的最长时间（ms）',
    },
    measure: 'count',
    bars: [0, 0],
    peers: { en: 'tamcore 0 / 0, titansoft all of them / 220 ms', zh: 'tamcore 0 / 0，titansoft 全部 / 220 ms' },
  },
  {
    id: 'memory',
    title: {
      en: 'Memory (RSS), when all is done / at most, against the minimal program',
      zh: '内存（RSS），完成后 / 峰值，与最小程序相比',
    },
    measure: 'times',
    bars: [1.15, 1.15],
    peers: {
      en: 'in Go: tamcore 50 / 64 MiB, alexellis 56 / 61 MiB, titansoft 22 MiB (200 namespaces)',
      zh: 'Go 程序：tamcore 50 / 64 MiB，alexellis 56 / 61 MiB，titansoft 22 MiB（200 个命名空间）',
    },
  },
  {
    id: 'cpu',
    title: {
      en: "CPU, cold start / rotation, against the minimal program (each in the servers' CPU for the same writes)",
      zh: 'CPU，冷启动 / 轮换，与最小程序相比（各以服务器为同样写入所用的 CPU 为单位）',
    },
    measure: 'times',
    bars: [1.3, 1.3],
    peers: {
      en: 'tamcore 3.0 / 4.6 times the minimal program of that run, alexellis 3.7 / -',
      zh: 'tamcore 为当时最小程序的 3.0 / 4.6 倍，alexellis 3.7 / -',
    },
  },
]
