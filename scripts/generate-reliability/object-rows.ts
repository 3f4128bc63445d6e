import { type FaultRow, rowsOf } from './fault-row.ts'

const SLOWLY = 'keeps the content in place; retries after 1, 4, 16 … s, in the end every 10 min; others continue'
const SLOWLY_ZH = '原地保留内容；1、4、16…秒后重试，最终每 10 分钟一次；其他命名空间照常'

/** Faults of namespaces, ServiceAccounts, Secrets, and rejections of writes. */
export const OBJECT_ROWS: readonly FaultRow[] = [
  ...rowsOf('objects', 'object-fault-namespaces.test.ts', [
    [
      'namespace-again',
      'a namespace that is deleted and created again',
      ['a namespace is deleted and created again', 'nothing', 'serves the new one from its first event'],
      ['命名空间删除后重建', '无', '从第一个事件起为新的服务'],
    ],
    [
      'namespace-ending',
      'a namespace that cannot finish terminating',
      [
        'a namespace hangs in Terminating',
        '`skipped.terminating` in the status',
        'sends no request there; others rotate',
      ],
      ['命名空间卡在 Terminating', '状态中的 `skipped.terminating`', '不向其发送请求；其他照常轮换'],
    ],
    [
      'namespaces-burst',
      'a hundred new namespaces together',
      [
        'a hundred namespaces within {createdMs} ms',
        'nothing',
        'one write of a Secret each; the slowest reference came {slowestMs} ms after its ServiceAccount; the rest of the time the cluster creates ServiceAccounts',
      ],
      [
        '{createdMs} ms 内创建一百个命名空间',
        '无',
        '每个只写一次 Secret；最慢的引用在其 ServiceAccount 创建后 {slowestMs} ms 写入；其余时间是集群在创建 ServiceAccount',
      ],
    ],
    [
      'account-reborn',
      'a ServiceAccount that is recreated',
      [
        'a ServiceAccount gets a new UID between our read and our write',
        'nothing',
        'the precondition fails (409), the new list is read, no old entry is restored',
      ],
      ['读取与写入之间 ServiceAccount 换了 UID', '无', '前置条件失败（409），重新读取新列表，旧条目不会复活'],
    ],
  ]),
  ...rowsOf('objects', 'object-fault-refusals.test.ts', [
    [
      'webhook-refuses',
      'an admission webhook rejects our write',
      ['an admission webhook refuses the Secret', '`WRITE_REFUSED` with namespace and webhook; Event', SLOWLY],
      ['准入 webhook 拒绝 Secret', '`WRITE_REFUSED`，写明命名空间与 webhook；Event', SLOWLY_ZH],
    ],
    [
      'webhook-times-out',
      'an admission webhook times out',
      [
        'an admission webhook never responds',
        '`WRITE_FAILING` with namespace and webhook; Event',
        'keeps the content; retries with back-off up to a minute; others continue',
      ],
      [
        '准入 webhook 一直不响应',
        '`WRITE_FAILING`，写明命名空间与 webhook；Event',
        '保留内容；按退避重试，最长一分钟；其他照常',
      ],
    ],
    [
      'policy-forbids',
      'ValidatingAdmissionPolicy rejects us',
      ['a policy of the namespace forbids the write', '`WRITE_REFUSED` with the name of the policy; Event', SLOWLY],
      ['命名空间的策略禁止写入', '`WRITE_REFUSED`，写明策略名；Event', SLOWLY_ZH],
    ],
    [
      'quota-full',
      'a ResourceQuota leaves no room',
      [
        'a ResourceQuota has no room for a Secret',
        '`WRITE_REFUSED` with the name of the quota; Event',
        'retries after 1, 4, 16 … s, in the end every 2 min; others continue',
      ],
      [
        'ResourceQuota 没有 Secret 余量',
        '`WRITE_REFUSED`，写明配额名；Event',
        '1、4、16…秒后重试，最终每 2 分钟一次；其他照常',
      ],
    ],
  ]),
  ...rowsOf('objects', 'helper-promises.test.ts', [
    [
      undefined,
      "another client's Secret with our name",
      [
        'a Secret with our name belongs to another owner',
        '`FOREIGN_SECRET`; Event',
        'leaves it alone; serves the namespace once it is deleted',
      ],
      ['同名 Secret 属于他人', '`FOREIGN_SECRET`；Event', '不动它；它消失后即开始服务'],
    ],
    [
      undefined,
      'what another client removed or changed in our Secret',
      ['another client edits or deletes our Secret', 'nothing', 'restores it in place, or creates a new one'],
      ['有人修改或删除拉取 Secret', '无', '原地恢复，或新建'],
    ],
    [
      undefined,
      'a list that another tool applies',
      ['another tool applies the list', '`FOREIGN_LIST`; Event', 'leaves it alone, so that its next apply succeeds'],
      ['其他工具以 apply 管理该列表', '`FOREIGN_LIST`；Event', '不动它，使其下一次 apply 成功'],
    ],
    [
      undefined,
      'entries of other writers survive',
      [
        'others add and remove entries all the time, including ours',
        '`LIST_CONFLICT` if it continues',
        'their entries stay in order, ours is restored once',
      ],
      [
        '他人不断增删条目，包括 acr-nopass 的条目',
        '持续时显示 `LIST_CONFLICT`',
        '他人条目保持顺序，acr-nopass 的条目恢复且只有一个',
      ],
    ],
  ]),
]
