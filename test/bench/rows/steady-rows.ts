import type { RowSpec } from '../report/row.ts'

export const STEADY_ROWS: readonly RowSpec[] = [
  {
    id: 'steady-writes',
    title: { en: 'Idle: writes besides the Lease / calls to the cloud', zh: '空闲：除 Lease 外的写入 / 云端调用' },
    measure: 'count',
    bars: [0, 0],
    peers: {
      en: 'tamcore 31 requests a minute (its Lease), alexellis 59 (Lease), titansoft 260 over 200 namespaces (polls)',
      zh: 'tamcore 每分钟 31 个请求（Lease），alexellis 59（Lease），titansoft 200 个命名空间时 260（轮询）',
    },
  },
  {
    id: 'steady-logins',
    title: {
      en: 'Idle: logins at the registry that check the credential in use, a minute (`verify.interval`: 5m)',
      zh: '空闲：检查在用凭据的镜像仓库登录，每分钟（`verify.interval`：5m）',
    },
    measure: 'count',
    peers: { en: 'none checks', zh: '均不检查' },
  },
  {
    id: 'steady-requests',
    title: { en: 'Idle: all requests except the Lease, per minute', zh: '空闲：除 Lease 外的全部请求，每分钟' },
    measure: 'count',
    peers: { en: 'lower bound 0', zh: '下限 0' },
  },
  {
    id: 'steady-cpu',
    title: { en: 'Idle: CPU of both helpers, of one core', zh: '空闲：两个副本的 CPU，占一个核' },
    measure: 'percent',
    peers: { en: 'not measured', zh: '未测量' },
  },
  {
    id: 'restart',
    title: {
      en: 'Restart with live tokens: writes of Secrets, ServiceAccounts and Events / calls to the cloud',
      zh: '令牌有效时重启：Secret、ServiceAccount 与 Event 的写入 / 云端调用',
    },
    measure: 'count',
    bars: [0, 0],
    peers: {
      en: 'tamcore 0 writes, 1 Event; titansoft 2 requests for each namespace; alexellis and imps wait 15 s for their own old Lease',
      zh: 'tamcore 0 次写入、1 个 Event；titansoft 每个命名空间 2 个请求；alexellis 和 imps 等待自己的旧 Lease 15 s',
    },
  },
  {
    id: 'crash-restarted',
    title: {
      en: 'Leader killed (kill -9), its container starts again: a namespace made at that moment is usable after',
      zh: '主副本被 kill -9，容器随即重启：此刻创建的命名空间多久后可用',
    },
    measure: 'seconds',
    bars: [16],
    peers: { en: 'alexellis and imps 16 s after any restart', zh: 'alexellis 和 imps 任何重启后 16 s' },
  },
  {
    id: 'crash-blind',
    title: {
      en: 'Leader killed and gone: a namespace made at that moment is usable after',
      zh: '主副本被杀且不再启动：此刻创建的命名空间多久后可用',
    },
    measure: 'seconds',
    bars: [16],
    peers: {
      en: '15 s is the length of the Lease; every peer with two replicas waits as long',
      zh: '15 s 是 Lease 的时长；任何双副本的同类工具都要等这么久',
    },
  },
]
