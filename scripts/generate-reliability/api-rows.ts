import { type FaultRow, rowsOf } from './fault-row.ts'

const OLDER = 'ignores older state'
const OLDER_ZH = '忽略较旧的状态'

/** Faults between helper and API server, and in the helper's own processes. */
export const API_ROWS: readonly FaultRow[] = [
  ...rowsOf('watch', 'fault-watches.test.ts', [
    [
      'watch-cut',
      'watches that are cut',
      ['watches are cut, five times in a row', '`acr_nopass_watch_restarts_total`', 'continues from the last version'],
      ['watch 连续五次被切断', '`acr_nopass_watch_restarts_total`', '从最后的版本继续'],
    ],
    [
      'watch-410',
      '410 Gone in the middle of a watch',
      ['410 Gone in the middle of a watch', 'the same metric', 'lists again and finds what came and went'],
      ['watch 中途 410 Gone', '同一指标', '重新列出，找回期间的增删'],
    ],
    [
      'watch-410-at-once',
      '410 Gone as the response to a watch',
      ['410 Gone as the response to a watch', 'the same metric', 'lists again, once'],
      ['watch 请求直接返回 410', '同一指标', '只重新列出一次'],
    ],
    [
      'watch-duplicated',
      ': older state never replaces newer',
      ['events come twice, the second time late', 'nothing', OLDER],
      ['事件重复，第二次迟到', '无', OLDER_ZH],
    ],
    [
      'watch-reordered',
      ': older state never replaces newer',
      ['events come in another order', 'nothing', OLDER],
      ['事件乱序', '无', OLDER_ZH],
    ],
    [
      'watch-no-bookmarks',
      'a server that sends no bookmarks',
      ['no bookmarks, then a cut', 'nothing', 'continues from the last event, without a new list'],
      ['没有 bookmark，随后断开', '无', '从最后的事件继续，不重新列出'],
    ],
    [
      'secret-news-late',
      "an entry that was added before another client's Secret was seen",
      [
        "the event of a namespace arrives before that of another owner's Secret",
        '`FOREIGN_SECRET`; Event',
        'removes its entry',
      ],
      ['命名空间的事件先于他人 Secret 的事件到达', '`FOREIGN_SECRET`；Event', '移除自己的条目'],
    ],
    [
      'list-page-expired',
      'a paged list whose continuation expires',
      ['the second page of a list has expired', 'nothing', 'reads the list from its start'],
      ['列表第二页已过期', '无', '从头读取列表'],
    ],
    [
      'watch-stalled-after-bookmark',
      'watches that stall with their sockets open',
      [
        'watches fall silent, their sockets stay open',
        '`acr_nopass_watch_last_progress_seconds`',
        'its watchdog closes them',
      ],
      ['watch 静默而连接保持打开', '`acr_nopass_watch_last_progress_seconds`', '由看门狗结束'],
    ],
    [
      'watch-stalled-from-the-start',
      'watches that stall with their sockets open',
      ['the same, before any event', 'the same metric', 'its watchdog closes them'],
      ['同上，且尚无任何事件', '同一指标', '由看门狗结束'],
    ],
  ]),
  ...rowsOf('api-server', 'fault-api-server.test.ts', [
    [
      'api-server-killed',
      'the API server is killed',
      ['the API server is killed in a rotation and comes back', 'log lines', 'continues where it was'],
      ['轮换途中 API Server 被杀并恢复', '日志', '从中断处继续'],
    ],
    [
      'etcd-killed',
      'etcd is killed',
      ['etcd is killed in a rotation and comes back', 'log lines', 'continues where it was'],
      ['轮换途中 etcd 被杀并恢复', '日志', '从中断处继续'],
    ],
    [
      'api-server-unreachable',
      'the API server is unreachable for longer',
      [
        'no connection for {outageSeconds} s, longer than a lease',
        '`LEASE_LOST` in the log, a restart',
        'releases the lease, starts again',
      ],
      ['断连 {outageSeconds} 秒，超过租约', '日志 `LEASE_LOST`，重启一次', '放弃租约，重新开始'],
    ],
    [
      'api-server-slow',
      'an API server that takes a second',
      ['each response takes a second', 'nothing', '16 writes at a time, as always'],
      ['每个响应都要一秒', '无', '照常 16 个并发写入'],
    ],
    [
      'throttled',
      '429 with Retry-After',
      [
        '429 with `Retry-After`',
        '`acr_nopass_kube_requests_total{code="429"}`',
        'starts no write before that time has passed',
      ],
      ['429 与 `Retry-After`', '`acr_nopass_kube_requests_total{code="429"}`', '到时之前不发起写入'],
    ],
    [
      'burst-of-500',
      'a burst of 500, 502 and 503',
      ['a burst of 500, 502 and 503', 'the same metric', 'retries with back-off, 100 ms to a minute'],
      ['连续的 500、502、503', '同一指标', '按退避重试，100 毫秒至一分钟'],
    ],
    [
      'answers-lost',
      'writes that succeed but whose responses are lost',
      ['writes are done, their responses lost', 'nothing', 'the precondition keeps them from being done twice'],
      ['写入成功但响应丢失', '无', '前置条件保证不会写两次'],
    ],
    [
      'deleted-before-answer',
      'a Secret that another client deletes before',
      ['a Secret is deleted before the helper learns that it was written', 'nothing', 'the Secret comes back'],
      ['在得知写入成功前 Secret 被删除', '无', '重新创建该 Secret'],
    ],
    [
      'certificate-rotated',
      "the API server's certificate",
      ['the API server gets a certificate from another CA', 'log lines', 'reads the CA file again'],
      ['API Server 换了另一 CA 的证书', '日志', '重新读取 CA 文件'],
    ],
    [
      'token-rotated',
      'the ServiceAccount token is replaced',
      ['the token on disk is replaced and the old one refused', 'nothing', 'reads the token again'],
      ['磁盘上的令牌更换且旧令牌被拒', '无', '重新读取令牌'],
    ],
  ]),
  ...rowsOf('writers', 'fault-writers.test.ts', [
    [
      'writers-2',
      'writers on one list, in any order',
      [
        'two others write the same list ({cases} cases)',
        'nothing',
        'each of their entries keeps its position, ours appears once',
      ],
      ['另外两个写入者写同一列表（{cases} 例）', '无', '他人的每个条目原位保留，acr-nopass 的条目只有一个'],
    ],
    [
      'writers-3',
      'writers on one list, in any order',
      ['three others write the same list ({cases} cases)', 'nothing', 'the same'],
      ['另外三个写入者写同一列表（{cases} 例）', '无', '同上'],
    ],
  ]),
  ...rowsOf('process', 'fault-leader.test.ts', [
    [
      'leader-paused',
      'a leader that is paused past its lease',
      [
        'the leader is paused past its lease',
        'the other replica leads',
        'starts no write; what was in flight replaces nothing newer',
      ],
      ['主副本暂停时间超过租约时长', '另一副本接任', '不再发起写入；在途写入不会覆盖更新的内容'],
    ],
    [
      'leader-resumed',
      'a leader that is paused past its lease',
      ['the same leader continues', '`LEASE_LOST`, a restart', 'follows'],
      ['该副本恢复运行', '`LEASE_LOST`，重启一次', '成为跟随者'],
    ],
    [
      'leader-terminated',
      'SIGTERM in the middle of a rotation',
      [
        'SIGTERM in the middle of a rotation',
        'nothing',
        'a clean exit, the lease released; the other replica completes it',
      ],
      ['轮换途中 SIGTERM', '无', '正常退出并释放租约；另一副本完成轮换'],
    ],
    [
      'leader-killed',
      'kill -9 in the middle of a rotation',
      ['kill -9 in the middle of a rotation', 'a restart', 'the restarted one or the other replica completes it'],
      ['轮换途中 kill -9', '重启一次', '由重启的进程或另一副本完成'],
    ],
  ]),
  ...rowsOf('process', 'helper-faults.test.ts', [
    [
      undefined,
      'kill -9 of the leader',
      ['the same over 40 namespaces', 'a restart', 'finished in place, nothing lost'],
      ['同上，40 个命名空间', '重启一次', '原地完成，无丢失'],
    ],
    [
      undefined,
      'a leader that was paused past its lease',
      ['SIGSTOP past the lease, then SIGCONT', '`LEASE_LOST`', 'starts no write'],
      ['SIGSTOP 超过租约后 SIGCONT', '`LEASE_LOST`', '不发起写入'],
    ],
  ]),
]
