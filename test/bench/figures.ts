/** A text in the languages of the documentation. */
export interface Text {
  readonly en: string
  readonly zh: string
}

/** The unit of a figure's numbers; `times`: a multiple of the baseline. */
export type Measure = 'times' | 'count' | 'milliseconds' | 'seconds' | 'mebibytes' | 'percent'

/** One figure: what is measured, against which baseline, and its limits. */
export interface Figure {
  /** The figure's name on the command line and in a scenario's result. */
  readonly id: string
  /** The scenario that measures it. */
  readonly scenario: string
  readonly title: Text
  readonly measure: Measure
  /** The baseline that it is divided by. */
  readonly against?: Text
  /**
   * The limit of each number; `ANY` for a number without a limit. Undefined if the figure is only
   * information.
   */
  readonly bars?: readonly number[]
  /**
   * Whether a busy machine changes the figure. By default, all figures except counts. Set to false
   * for a simulated clock, and to true for counts that depend on a race.
   */
  readonly dependsOnMachine?: boolean
  /** Measured only with `--long`. */
  readonly long?: boolean
}

/** No limit for this number. */
export const ANY: number = Number.POSITIVE_INFINITY

const MINIMAL: Text = { en: 'the minimal program', zh: '最小程序' }
const SECRET: Text = { en: 'the pull secret', zh: '拉取 Secret' }
const NODE: Text = { en: 'a Node that does nothing', zh: '什么都不做的 Node' }
const HELM: Text = {
  en: '`helm upgrade --install --wait` under `xargs -P 4`',
  zh: '`xargs -P 4` 下的 `helm upgrade --install --wait`',
}
const FIRST_RUN: Text = { en: 'the first run', zh: '第一次运行' }
const FLEETS: Text = {
  en: 'no limit / 50 per second / 10 per second / mixed lifetimes',
  zh: '不限流 / 每秒 50 次 / 每秒 10 次 / 混合有效期',
}

/** Every figure of the bench, in the order of the pages. */
export const FIGURES: readonly Figure[] = [
  // Pods that are created too early
  {
    id: 'early-old',
    scenario: 'early-pods',
    title: {
      en: 'Pods without the reference, of 500 created 0 / 5 / 10 / 20 ms after their ServiceAccount: in an old namespace',
      zh: 'ServiceAccount 创建后 0 / 5 / 10 / 20 ms 创建的 500 个 Pod 中，没有引用的个数：已有命名空间',
    },
    measure: 'count',
    dependsOnMachine: true,
    bars: [ANY, ANY, 0, 0],
  },
  {
    id: 'early-new',
    scenario: 'early-pods',
    title: {
      en: 'Pods without the reference, of 500 created 0 / 5 / 10 / 20 ms after their ServiceAccount: each in a new namespace',
      zh: 'ServiceAccount 创建后 0 / 5 / 10 / 20 ms 创建的 500 个 Pod 中，没有引用的个数：新命名空间',
    },
    measure: 'count',
    dependsOnMachine: true,
    bars: [ANY, ANY, 0, 0],
  },
  {
    id: 'early-helm',
    scenario: 'early-pods',
    title: {
      en: 'Pods without the reference, of 200 Deployments that Helm installs with their own ServiceAccount',
      zh: 'Helm 安装的 200 个自带 ServiceAccount 的 Deployment 中，Pod 没有引用的个数',
    },
    measure: 'count',
    dependsOnMachine: true,
    bars: [0],
  },
  {
    id: 'early-helm-minimal',
    scenario: 'early-pods',
    title: {
      en: 'Pods without the reference, of 200 Deployments with the minimal program, which does nothing else',
      zh: '使用不做其他事的最小程序时，200 个 Deployment 中 Pod 没有引用的个数',
    },
    measure: 'count',
    dependsOnMachine: true,
  },
  {
    id: 'early-admission',
    scenario: 'early-pods',
    title: {
      en: 'With `attach: admission`: Pods without the reference, of 500 created right after their ServiceAccount, in an old / in a new namespace',
      zh: '`attach: admission` 时，ServiceAccount 创建后立即创建的 500 个 Pod：已有 / 新命名空间',
    },
    measure: 'count',
    bars: [0, 0],
  },

  // A new namespace, attach by ServiceAccount
  {
    id: 'usable-against-minimal',
    scenario: 'new-namespaces',
    title: {
      en: 'Time until a namespace is usable once its ServiceAccount exists, p50 / p99',
      zh: 'ServiceAccount 出现之后命名空间可用，p50 / p99',
    },
    against: MINIMAL,
    measure: 'times',
    bars: [1.1, 1.25],
  },
  {
    id: 'usable',
    scenario: 'new-namespaces',
    title: {
      en: 'Time until a namespace is usable once its ServiceAccount exists, p50 / p99',
      zh: 'ServiceAccount 出现之后命名空间可用所需的时间，p50 / p99',
    },
    measure: 'milliseconds',
  },
  {
    id: 'usable-after-request',
    scenario: 'new-namespaces',
    title: { en: 'Usable after the namespace was requested, p50 / p99', zh: '从请求创建命名空间到可用，p50 / p99' },
    measure: 'milliseconds',
  },
  {
    id: 'usable-slowest',
    scenario: 'new-namespaces',
    title: {
      en: 'The slowest after its request: one at a time / in bursts of 50 per second',
      zh: '从请求算起最慢的一个：逐个创建 / 每秒 50 个突发创建',
    },
    measure: 'milliseconds',
  },
  {
    id: 'requests-new',
    scenario: 'new-namespaces',
    title: { en: 'Requests per new namespace', zh: '每个新命名空间的请求数' },
    measure: 'count',
    bars: [2],
  },

  // A new namespace, attach by admission
  {
    id: 'secret-against-minimal',
    scenario: 'admission',
    title: { en: 'Time until a new namespace has its Secret, p50 / p99', zh: '新命名空间得到 Secret，p50 / p99' },
    against: MINIMAL,
    measure: 'times',
    bars: [1.1, 1.5],
  },
  {
    id: 'secret',
    scenario: 'admission',
    title: {
      en: 'Time until a new namespace has its Secret, p50 / p99 / the slowest',
      zh: '新命名空间得到 Secret 所需的时间，p50 / p99 / 最慢的一个',
    },
    measure: 'milliseconds',
  },
  {
    id: 'requests-admission',
    scenario: 'admission',
    title: { en: 'Requests per new namespace', zh: '每个新命名空间的请求数' },
    measure: 'count',
    bars: [1],
  },

  // Cold start and rotation
  {
    id: 'cold-against-minimal',
    scenario: 'cold-start',
    title: { en: 'Cold start / rotation of 1,000 namespaces, time', zh: '1,000 个命名空间的冷启动 / 轮换，用时' },
    against: MINIMAL,
    measure: 'times',
    bars: [1.15, 1.15],
  },
  {
    id: 'cold',
    scenario: 'cold-start',
    title: {
      en: 'Cold start from the start of the process / rotation from the refused login until all have the new credential',
      zh: '冷启动（从进程启动）/ 轮换（从登录被拒）到全部换新',
    },
    measure: 'seconds',
  },
  {
    id: 'cold-first',
    scenario: 'cold-start',
    title: {
      en: 'Time from the start of the process until the first namespace is usable',
      zh: '从进程启动到第一个命名空间可用',
    },
    measure: 'seconds',
  },
  {
    id: 'rotation-cpu',
    scenario: 'cold-start',
    title: { en: 'CPU of the helper for a rotation', zh: '轮换时 helper 的 CPU' },
    against: { en: 'CPU of the servers for the same writes', zh: '服务器为同样写入所用的 CPU' },
    measure: 'times',
    bars: [0.25],
  },
  {
    id: 'rotation-requests',
    scenario: 'cold-start',
    title: { en: 'Requests of the rotation per namespace', zh: '轮换时每个命名空间的请求数' },
    measure: 'count',
    bars: [1],
  },
  {
    id: 'rotation-replaced',
    scenario: 'cold-start',
    title: {
      en: 'Secrets whose UID changed / longest time without a Secret, ms',
      zh: 'UID 改变的 Secret 数 / 没有 Secret 的最长时间（ms）',
    },
    measure: 'count',
    bars: [0, 0],
  },
  {
    id: 'memory-against-minimal',
    scenario: 'cold-start',
    title: {
      en: 'Memory (RSS) at 1,000 namespaces, steady / peak',
      zh: '1,000 个命名空间时的内存（RSS），稳定 / 峰值',
    },
    against: MINIMAL,
    measure: 'times',
    bars: [1.05, 1.1],
  },
  {
    id: 'memory',
    scenario: 'cold-start',
    title: {
      en: 'Memory (RSS) at 1,000 namespaces in MiB, steady / peak',
      zh: '1,000 个命名空间时的内存（RSS，MiB），稳定 / 峰值',
    },
    measure: 'mebibytes',
  },

  // Another writer on the same list
  {
    id: 'race',
    scenario: 'other-writers',
    title: {
      en: '200 new ServiceAccounts that another client edits immediately: its entries lost / resurrected',
      zh: '200 个新 ServiceAccount 被另一客户端立即修改：其条目丢失 / 重新出现的数量',
    },
    measure: 'count',
    bars: [0, 0],
  },
  {
    id: 'race-attached',
    scenario: 'other-writers',
    title: {
      en: "200 new ServiceAccounts that another client edits immediately: acr-nopass's entries missing 10 s later",
      zh: '200 个新 ServiceAccount 被另一客户端立即修改：10 s 后缺失的自身条目',
    },
    measure: 'count',
    bars: [0],
  },
  {
    id: 'contend',
    scenario: 'other-writers',
    title: {
      en: 'A hostile client on 100 ServiceAccounts for 30 s: its entries lost / resurrected',
      zh: '恶意客户端持续 30 s 修改 100 个 ServiceAccount：其条目丢失 / 重新出现的数量',
    },
    measure: 'count',
    bars: [0, 0],
  },
  {
    id: 'contend-back',
    scenario: 'other-writers',
    title: {
      en: "Time from the end of the edits until acr-nopass's entries are in all lists again",
      zh: '修改停止后，自身条目恢复到所有列表的时间',
    },
    measure: 'seconds',
  },

  // Steady state, restart and crash
  {
    id: 'steady-writes',
    scenario: 'steady',
    title: { en: 'Idle: writes except the Lease / calls to the cloud', zh: '空闲：除 Lease 外的写入 / 云端调用' },
    measure: 'count',
    bars: [0, 0],
  },
  {
    id: 'steady-logins',
    scenario: 'steady',
    title: {
      en: 'Idle: logins at the registry that check the credential in use, per minute (`verify.interval`: 5m)',
      zh: '空闲：检查在用凭证能否登录实例，每分钟（`verify.interval`：5m）',
    },
    measure: 'count',
  },
  {
    id: 'steady-requests',
    scenario: 'steady',
    title: { en: 'Idle: all requests except the Lease, per minute', zh: '空闲：除 Lease 外的全部请求，每分钟' },
    measure: 'count',
  },
  {
    id: 'steady-cpu',
    scenario: 'steady',
    title: { en: 'Idle: CPU of both replicas, of one core', zh: '空闲：两个副本的 CPU，占一个核' },
    measure: 'percent',
  },
  {
    id: 'restart',
    scenario: 'steady',
    title: {
      en: 'Restart with live tokens: writes of Secrets, ServiceAccounts and Events / calls to the cloud',
      zh: '令牌有效时重启：Secret、ServiceAccount 与 Event 的写入 / 云端调用',
    },
    measure: 'count',
    bars: [0, 0],
  },
  {
    id: 'crash-restarted',
    scenario: 'steady',
    title: {
      en: 'Leader killed (kill -9), its container starts again: a namespace created at that moment is usable after',
      zh: '主副本被 kill -9，容器随即重启：此刻创建的命名空间多久后可用',
    },
    measure: 'seconds',
    bars: [16],
  },
  {
    id: 'crash-lost',
    scenario: 'steady',
    title: {
      en: 'Leader killed and not restarted: a namespace created at that moment is usable after',
      zh: '主副本被终止且不再启动：此刻创建的命名空间多久后可用',
    },
    measure: 'seconds',
    bars: [16],
  },

  // Start of the command line tool and the action
  {
    id: 'validate',
    scenario: 'start-up',
    title: { en: '`acr-nopass validate`, the whole process', zh: '`acr-nopass validate` 整个进程' },
    against: NODE,
    measure: 'times',
    bars: [3.3],
  },
  {
    id: 'action-line',
    scenario: 'start-up',
    title: { en: 'The action, from its start to its first line', zh: 'Action 从启动到第一行输出' },
    against: NODE,
    measure: 'times',
    bars: [1.3],
  },

  // Logins of a node without a Secret
  {
    id: 'provider-kept',
    scenario: 'provider',
    title: { en: 'A login that the node already has', zh: '节点已有的登录凭证' },
    against: NODE,
    measure: 'times',
    bars: [3],
  },
  {
    id: 'provider-new',
    scenario: 'provider',
    title: {
      en: 'A new login, with the calls to an emulated cloud on the same machine',
      zh: '新的登录凭证，包括对本机模拟云的调用',
    },
    against: NODE,
    measure: 'times',
    bars: [5],
  },
  {
    id: 'pull-warm',
    scenario: 'provider',
    title: {
      en: 'A Pod with an image of the registry, with a login in the kubelet',
      zh: '使用该仓库镜像的 Pod，kubelet 已有登录凭证',
    },
    against: SECRET,
    measure: 'times',
    bars: [1.5],
  },
  {
    id: 'pull-cold',
    scenario: 'provider',
    title: { en: 'The same Pod, with no login on the node', zh: '同样的 Pod，节点上没有登录凭证' },
    against: SECRET,
    measure: 'times',
    bars: [2],
  },

  // Rollout to 20 clusters
  {
    id: 'rollout',
    scenario: 'fleet-rollout',
    title: {
      en: 'The action, four clusters at a time, without verification',
      zh: 'Action，每次四个集群，不含验证',
    },
    against: HELM,
    measure: 'times',
    bars: [1.25],
  },
  {
    id: 'rollout-cpu',
    scenario: 'fleet-rollout',
    title: { en: 'CPU of the action, with Helm', zh: '占用的 CPU（含 Helm）' },
    against: HELM,
    measure: 'times',
  },
  {
    id: 'again',
    scenario: 'fleet-rollout',
    title: { en: 'Again with nothing changed', zh: '无改动时再次运行' },
    against: FIRST_RUN,
    measure: 'times',
    bars: [0.4],
  },
  {
    id: 'again-cpu',
    scenario: 'fleet-rollout',
    title: { en: 'CPU of the second run', zh: '第二次运行占用的 CPU' },
    against: FIRST_RUN,
    measure: 'times',
  },
  {
    id: 'again-writes',
    scenario: 'fleet-rollout',
    title: { en: 'Helm revisions and RAM writes of the second run', zh: '第二次运行的 Helm 修订版本与 RAM 写入' },
    measure: 'count',
    bars: [0],
  },
  {
    id: 'rollout-parts',
    scenario: 'fleet-rollout',
    title: {
      en: 'Share for RAM policies / extra time with verification',
      zh: '其中 RAM 权限策略所占 / 验证另需',
    },
    against: HELM,
    measure: 'times',
    long: true,
  },

  // Check of 20 clusters
  {
    id: 'check-all',
    scenario: 'fleet-check',
    title: {
      en: '20 releases on 4 API servers, all at a time, each request 200 ms slower',
      zh: '4 个 API Server 上的 20 个 release，全部并行，每个请求慢 200 ms',
    },
    against: { en: 'a check of one of them', zh: '检查其中一个' },
    measure: 'times',
    bars: [3],
  },
  {
    id: 'check-requests',
    scenario: 'fleet-check',
    title: {
      en: 'Requests to the API server of a cluster with 1,000 namespaces and 5,000 Pods',
      zh: '对 1,000 个命名空间、5,000 个 Pod 的集群，向 API Server 发出的请求',
    },
    measure: 'count',
    bars: [60],
  },
  {
    id: 'check-writes',
    scenario: 'fleet-check',
    title: { en: 'Writes to the API server and to the cloud', zh: '对 API Server 和云的写入' },
    measure: 'count',
    bars: [0],
  },
  {
    id: 'check-calls',
    scenario: 'fleet-check',
    title: {
      en: 'Calls to the cloud for each further cluster of one account',
      zh: '同一账号中每多一个集群增加的云调用',
    },
    measure: 'count',
    bars: [6],
  },
  {
    id: 'check-sessions',
    scenario: 'fleet-check',
    title: { en: 'Sessions for 20 clusters of one account', zh: '同一账号 20 个集群的会话' },
    measure: 'count',
    bars: [1],
  },
  {
    id: 'check-helm',
    scenario: 'fleet-check',
    title: { en: 'Processes of Helm', zh: 'Helm 进程' },
    measure: 'count',
    bars: [0],
  },

  // Up to ten thousand namespaces
  {
    id: 'scale-memory',
    scenario: 'scale',
    title: {
      en: 'Memory (RSS) at 10,000 namespaces with their ServiceAccounts, steady / peak',
      zh: '10,000 个命名空间及其 ServiceAccount 时的内存（RSS），稳定 / 峰值',
    },
    measure: 'mebibytes',
    bars: [80, 90],
  },
  {
    id: 'scale-memory-admission',
    scenario: 'scale',
    title: {
      en: 'Memory (RSS) at 10,000 namespaces with `attach: admission`, steady / peak',
      zh: '10,000 个命名空间、使用 `attach: admission` 时的内存（RSS），稳定 / 峰值',
    },
    measure: 'mebibytes',
    bars: [80, 90],
    long: true,
  },
  {
    id: 'scale-times',
    scenario: 'scale',
    title: { en: 'Cold start / rotation of 10,000 namespaces', zh: '10,000 个命名空间的冷启动 / 轮换' },
    measure: 'seconds',
  },
  {
    id: 'scale-cpu',
    scenario: 'scale',
    title: { en: 'Idle at 10,000 namespaces: CPU of one core', zh: '10,000 个命名空间时空闲：占一个核的 CPU' },
    measure: 'percent',
  },

  // A fleet of 5,000 clusters, simulated
  {
    id: 'fleet-mean',
    scenario: 'fleet',
    title: { en: `Cloud calls per second in steady state: ${FLEETS.en}`, zh: `稳态下每秒云调用数：${FLEETS.zh}` },
    measure: 'count',
  },
  {
    id: 'fleet-peak',
    scenario: 'fleet',
    title: { en: 'The busiest minute of steady state', zh: '稳态中最忙的一分钟' },
    against: { en: 'the mean', zh: '均值' },
    measure: 'times',
    dependsOnMachine: false,
    bars: [1.5, 1.5, 1.5, 1.5],
  },
  {
    id: 'fleet-start',
    scenario: 'fleet',
    title: {
      en: 'Token lifetimes from a mass start until every minute is within 1.5 times the mean',
      zh: '同时启动后，每分钟都不超过均值 1.5 倍所需的令牌有效期个数',
    },
    measure: 'count',
    bars: [3, 3, 3, 3],
  },
  {
    id: 'fleet-outage',
    scenario: 'fleet',
    title: {
      en: "Token lifetimes from the end of an hour's outage of the region until every minute is within 1.5 times the mean",
      zh: '地域中断一小时之后，每分钟都不超过均值 1.5 倍所需的令牌有效期个数',
    },
    measure: 'count',
    bars: [3, 3, 3, 3],
  },
  {
    id: 'fleet-used',
    scenario: 'fleet',
    title: {
      en: "Largest share of a token's lifetime that had elapsed when all 200 namespaces had the next token, while the region worked",
      zh: '地域可用期间，200 个命名空间全部换新时旧令牌最多已用掉的有效期比例',
    },
    measure: 'percent',
    dependsOnMachine: false,
    bars: [90, 90, 90, 90],
  },
  {
    id: 'fleet-ready',
    scenario: 'fleet',
    title: {
      en: 'Time until all clusters have their first token, after a mass start within a minute',
      zh: '一分钟内同时启动后，全部集群拿到首个令牌的时间',
    },
    measure: 'seconds',
    dependsOnMachine: false,
  },
  {
    id: 'fleet-recovered',
    scenario: 'fleet',
    title: { en: "Time until no token is expired, after an hour's outage", zh: '中断一小时后，不再有过期令牌的时间' },
    measure: 'seconds',
    dependsOnMachine: false,
  },
  {
    id: 'fleet-busiest',
    scenario: 'fleet',
    title: { en: 'Calls in the busiest second', zh: '最忙一秒的调用数' },
    measure: 'count',
  },
  {
    id: 'fleet-refused',
    scenario: 'fleet',
    title: { en: 'Refused calls per served call, in total', zh: '总计每次成功调用对应的被拒次数' },
    measure: 'count',
  },
  {
    id: 'fleet-joined',
    scenario: 'fleet',
    title: {
      en: 'Writes of a namespace with two registries (mixed lifetimes)',
      zh: '含两个实例的命名空间的写入次数（混合有效期）',
    },
    against: { en: 'a namespace with one registry', zh: '只含一个实例的命名空间' },
    measure: 'times',
    dependsOnMachine: false,
    bars: [1.1],
  },
  {
    id: 'fleet-limited',
    scenario: 'fleet',
    title: {
      en: 'STS sessions per second: 1,000 clusters with 20 limited credentials each',
      zh: '每秒 STS 会话数：1,000 个集群，每个集群 20 个受限凭证',
    },
    measure: 'count',
    // A tenth of the 100 calls per second that STS publishes (docs/en/scale.md).
    bars: [10],
  },
]
