/** The description of one fuzzed property. */
export interface FuzzRow {
  readonly id: string
  readonly file: string
  readonly en: readonly [input: string, holds: string]
  readonly zh: readonly [input: string, holds: string]
}

const row = (id: string, file: string, en: FuzzRow['en'], zh: FuzzRow['zh']): FuzzRow => ({ id, file, en, zh })

/** In the order of the table. */
export const FUZZ_ROWS: readonly FuzzRow[] = [
  row(
    'docker-config-order',
    'test/acr/docker-config-fuzz.test.ts',
    ['dockerconfigjson: logins in any order', 'the same bytes'],
    ['dockerconfigjson：任意顺序的登录', '字节相同'],
  ),
  row(
    'docker-config-round-trip',
    'test/acr/docker-config-fuzz.test.ts',
    ['dockerconfigjson: written and read', 'every login is read back, in both formats'],
    ['dockerconfigjson：写出再读回', '两种形式下每个登录都能读回'],
  ),
  row(
    'docker-config-reader',
    'test/acr/docker-config-fuzz.test.ts',
    ['dockerconfigjson: any content', 'logins, or an error that quotes nothing'],
    ['dockerconfigjson：任意内容', '得到登录，或不引用内容的错误'],
  ),
  row(
    'rpc-token',
    'test/alibaba/answers-fuzz.test.ts',
    ['RPC: responses for a token', 'a complete token or an error of the list, without a secret'],
    ['RPC：令牌响应', '完整的令牌或列表中的错误；其中没有机密'],
  ),
  row(
    'rpc-lists',
    'test/alibaba/answers-fuzz.test.ts',
    ['RPC: addresses and instances', 'only strings; the pages end'],
    ['RPC：地址与实例列表', '只有文本；分页会结束'],
  ),
  row(
    'rpc-session',
    'test/alibaba/answers-fuzz.test.ts',
    ['RPC and instance metadata: sessions', 'a complete session or an error of the list, without a secret'],
    ['RPC 与实例元数据：会话', '完整的会话或列表中的错误；其中没有机密'],
  ),
  row(
    'roa-answers',
    'test/alibaba/answers-fuzz.test.ts',
    ['ROA: Personal Edition and CS', 'read completely, or an error of the list, without a secret'],
    ['ROA：个人版与 CS', '完整读取或列表中的错误；其中没有机密'],
  ),
  row(
    'ram-answers',
    'test/alibaba/answers-fuzz.test.ts',
    ['RPC: RAM and IMS', 'only strings, or an error of the list, without a secret'],
    ['RPC：RAM 与 IMS', '只有文本，或列表中的错误；其中没有机密'],
  ),
  row(
    'registry-answers',
    'test/acr/hostile-registry.test.ts',
    [
      'registry: challenges, manifests and errors',
      'the password is sent only to its own host or to ACR; the verdict is one line',
    ],
    ['实例：质询、清单与错误', '密码只发往其自身主机或 ACR；结论只有一行'],
  ),
  row(
    'watch-frames',
    'test/kube/watch-stream-fuzz.test.ts',
    ['watch stream: bytes split anywhere', 'the same events'],
    ['watch 流：字节任意切分', '事件相同'],
  ),
  row(
    'watch-garbage',
    'test/kube/watch-stream-fuzz.test.ts',
    ['watch stream: any bytes', 'events, or `KUBE_BAD_ANSWER`'],
    ['watch 流：任意字节', '得到事件，或 `KUBE_BAD_ANSWER`'],
  ),
  row(
    'config-values',
    'test/installation/load-config-fuzz.test.ts',
    ['configuration: any value changed', 'rejected, or read back unchanged'],
    ['配置：任意一处被改', '被拒绝，或再次读取结果相同'],
  ),
  row(
    'config-text',
    'test/installation/load-config-fuzz.test.ts',
    ['configuration: truncated, repeated or broken text', 'rejected, or complete; never half a file'],
    ['配置：被截断、重复或损坏的文本', '被拒绝，或完整；绝不接受半个文件'],
  ),
]
