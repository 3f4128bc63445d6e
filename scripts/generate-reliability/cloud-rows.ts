import { type FaultRow, rowsOf } from './fault-row.ts'

const ONE_REGISTRY = 'for one registry: its credential stays'
const KEEPS = 'keeps the last good credential, retries after 2 s, doubling to 2 min; other registries rotate'
const KEEPS_ZH = '保留最后有效的凭证，2 秒后重试，间隔加倍直至 2 分钟；其他实例照常轮换'
const NODE = 'keeps the credentials that need the session; role chains continue with the session in memory'
const NODE_ZH = '保留依赖该会话的凭证；角色链用内存中的会话继续'

/** Faults of Alibaba Cloud, its registries and the identity. */
export const CLOUD_ROWS: readonly FaultRow[] = [
  ...rowsOf('cloud', 'cloud-fault-answers.test.ts', [
    [
      'cloud-throttled',
      ONE_REGISTRY,
      ['the API throttles', '`CLOUD_THROTTLED` at the registry', KEEPS],
      ['API 限流', '该实例显示 `CLOUD_THROTTLED`', KEEPS_ZH],
    ],
    [
      'cloud-5xx',
      ONE_REGISTRY,
      ['the API responds with 503', '`CLOUD_UNAVAILABLE`, with the code of the cloud', KEEPS],
      ['API 返回 503', '`CLOUD_UNAVAILABLE` 及云端错误码', KEEPS_ZH],
    ],
    [
      'cloud-html',
      ONE_REGISTRY,
      ['a gateway responds in HTML', '`CLOUD_UNAVAILABLE` (HTTP 502 without JSON)', KEEPS],
      ['网关返回 HTML', '`CLOUD_UNAVAILABLE`（HTTP 502 without JSON）', KEEPS_ZH],
    ],
    [
      'cloud-is-success-false',
      ONE_REGISTRY,
      ['200 with `IsSuccess: false`', 'the corresponding code, here `CLOUD_DENIED`', KEEPS],
      ['200 但 `IsSuccess: false`', '对应的错误码，此处为 `CLOUD_DENIED`', KEEPS_ZH],
    ],
    [
      'cloud-cut',
      ONE_REGISTRY,
      ['connections are cut', '`CLOUD_UNREACHABLE` (ECONNRESET)', KEEPS],
      ['连接被切断', '`CLOUD_UNREACHABLE`（ECONNRESET）', KEEPS_ZH],
    ],
    [
      'cloud-answer-lost',
      ONE_REGISTRY,
      ['the work is done, the response lost', '`CLOUD_UNREACHABLE`', KEEPS],
      ['云端已执行但响应丢失', '`CLOUD_UNREACHABLE`', KEEPS_ZH],
    ],
  ]),
  ...rowsOf('cloud', 'cloud-fault-identity.test.ts', [
    [
      'imds-slow',
      'the metadata service is slow',
      ['instance metadata takes 4 s', '`IDENTITY_UNAVAILABLE`: does not respond', NODE],
      ['实例元数据需 4 秒响应', '`IDENTITY_UNAVAILABLE`：无响应', NODE_ZH],
    ],
    [
      'imds-refused',
      'the metadata service rejects requests',
      ['instance metadata refuses (403)', '`IDENTITY_UNAVAILABLE`: returned no token', NODE],
      ['实例元数据拒绝（403）', '`IDENTITY_UNAVAILABLE`：未给出令牌', NODE_ZH],
    ],
    [
      'role-policy-removed',
      'the role loses its policy',
      ["the role's policy is detached, later attached again", '`CLOUD_DENIED`, names the permission', KEEPS],
      ['角色的权限策略被解除，之后恢复', '`CLOUD_DENIED`，写明缺少的权限', KEEPS_ZH],
    ],
    [
      'dns-failure',
      'the name of the API does not resolve',
      [
        'DNS does not resolve the API',
        '`CLOUD_UNREACHABLE` (ENOTFOUND) at each registry',
        'serves new namespaces with the last good credentials',
      ],
      ['DNS 无法解析 API 域名', '每个实例显示 `CLOUD_UNREACHABLE`（ENOTFOUND）', '用最后有效的凭证为新命名空间服务'],
    ],
    [
      'clock-ahead',
      "the cloud's clock is ten minutes",
      [
        "this machine's clock is 10 min behind",
        'the metric `acr_nopass_clock_skew_seconds`',
        "signs and counts by the cloud's clock from the first rejection on",
      ],
      ['本机时钟慢 10 分钟', '指标 `acr_nopass_clock_skew_seconds`', '首次被拒后即按云端时钟签名与计时'],
    ],
    [
      'clock-behind',
      "the cloud's clock is ten minutes",
      ["this machine's clock is 10 min ahead", 'the same metric', 'the same'],
      ['本机时钟快 10 分钟', '同一指标', '同上'],
    ],
  ]),
  ...rowsOf('cloud', 'cloud-fault-lives.test.ts', [
    [
      'session-short',
      'sessions are shorter than requested',
      ['sessions last 8 s instead of an hour', 'nothing; `expiresAt` is nearer', 'renews by the actual lifetime'],
      ['会话只有 8 秒而非一小时', '无；`expiresAt` 更近', '按实际寿命续期'],
    ],
    [
      'registry-fails-long',
      'one registry fails for many credential lifetimes',
      [
        'one registry fails until long after its credential has expired',
        '`failing` at that registry; alert',
        'keeps its entry; the others continue to rotate; retries at least once per minute',
      ],
      [
        '一个实例持续失败，直到凭证过期很久之后',
        '该实例为 `failing`；告警',
        '保留其条目；其他实例不断轮换；至少每分钟重试一次',
      ],
    ],
  ]),
  ...rowsOf('cloud', 'helper-faults.test.ts', [
    [
      undefined,
      'the cloud fails during a rotation',
      [
        'HTML, cuts and 503 in turn, in the middle of a rotation',
        '`failing` at the registry',
        'every Secret keeps its content and follows',
      ],
      ['轮换途中依次出现 HTML、断连和 503', '该实例为 `failing`', '所有 Secret 保持内容，随后跟上'],
    ],
    [
      undefined,
      'a credential that the registry rejects',
      [
        'a credential is revoked before it expires',
        '`REGISTRY_LOGIN_REFUSED` at the next check',
        'replaces it immediately, without pacing',
      ],
      ['凭证提前失效', '下次校验显示 `REGISTRY_LOGIN_REFUSED`', '立即替换，不限速'],
    ],
    [
      undefined,
      'a wrong instance id keeps the new Pods unready',
      [
        'an upgrade names a wrong instance',
        '`helm upgrade --wait` fails; new Pods are not ready',
        'the old replicas continue to serve, and refresh the credential of the earlier configuration',
      ],
      ['升级写错实例 ID', '`helm upgrade --wait` 失败；新 Pod 未就绪', '旧副本继续服务，并继续刷新先前配置的凭证'],
    ],
  ]),
]
