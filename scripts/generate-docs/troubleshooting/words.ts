import type { PageWords } from './page.ts'

const COMMANDS = `\`\`\`sh
bin/acr-nopass doctor --kubeconfig kubeconfig.yaml
bin/acr-nopass doctor pod shop/web-5d9c7-x2x4k --kubeconfig kubeconfig.yaml
bin/acr-nopass doctor pod shop/web-5d9c7-x2x4k --ask-registry --kubeconfig kubeconfig.yaml
\`\`\`
`

const JSON_SHAPE = `\`\`\`json
{
  "healthy": false,
  "server": "https://…", "kubernetes": "v1.36.3",
  "release": { "namespace": "acr-nopass", "name": "acr-nopass" },
  "helper": { "version": "…", "replicas": { "wanted": 2, "available": 2 }, "leader": "…", "attach": "admission", "reportedAt": "…" },
  "registries": [], "namespaces": {}, "serviceAccounts": {},
  "pod": { "namespace": "shop", "name": "web-…", "node": {}, "containers": [{ "name": "app", "image": "…", "steps": [{ "step": "registry", "state": "ok", "detail": "prod" }] }] },
  "findings": [{ "id": "POD_TOO_OLD", "severity": "error", "subject": "Pod shop/web-…", "message": "…", "cause": "…", "cure": "…", "command": "kubectl …", "objects": [] }],
  "unread": [{ "what": "…", "why": "…" }]
}
\`\`\`
`

export const WORDS_EN: PageWords = {
  title: 'A Pod does not pull: what to do',
  introduction: `One command looks at a whole cluster, another at one Pod. Each finding has a name that never changes, its cause, its cure, and the
command that mends it. Both read only, with your rights, and of Secrets only metadata; what you may not read is said, and the rest
goes on. \`--ask-registry\` (with the right to get that one Secret) also asks the registry itself with the Secret's login: an answer
that no cache can give.

${COMMANDS}
They exit with 1 when there is an error; \`--fail-on warning\` is stricter. As kubectl plugin: \`kubectl acr-nopass doctor\`. Every
finding below was made for real in the tests and named rightly. (This page is generated from \`scripts/generate-docs/\`.)
`,
  columns: ['what you see', 'finding', 'what mends it'],
  parts: [
    'A Pod',
    'The release and its helper',
    'Alibaba Cloud and its registries',
    'Pull secrets and ServiceAccounts',
  ],
  closing: `## As data
\`-o json\` writes the same for programs. Fields are added to it and never change their meaning; \`registries\`, \`namespaces\` and
\`serviceAccounts\` are there for a cluster, \`pod\` for a Pod. \`state\` is \`ok\`, \`wrong\` or \`unknown\`.

${JSON_SHAPE}`,
}

export const WORDS_ZH: PageWords = {
  title: 'Pod 拉取失败：怎么办',
  introduction: `一条命令检查整个集群，另一条检查一个 Pod。每个结果都有永不改变的名称、原因、解决办法，以及用于修复的命令。两者都只读，
使用您自己的权限，对 Secret 只读元数据；无权读取的内容会说明，其余检查照常进行。\`--ask-registry\`（需要读取那一个 Secret 的权限）
还会用 Secret 中的登录信息直接询问仓库：这是任何缓存都给不出的回答。

${COMMANDS}
有错误时退出码为 1；\`--fail-on warning\` 更严格。作为 kubectl 插件：\`kubectl acr-nopass doctor\`。下面的每个结果都在测试中真实制造过，
并被正确命名。（本页由 \`scripts/generate-docs/\` 生成。）
`,
  columns: ['现象', '结果', '解决办法'],
  parts: ['Pod', 'release 与 helper', '阿里云与仓库', '拉取 Secret 与 ServiceAccount'],
  closing: `## 数据形式
\`-o json\` 为程序输出同样的内容。字段只会增加，含义不变；\`registries\`、\`namespaces\`、\`serviceAccounts\` 用于集群，\`pod\` 用于 Pod。
\`state\` 为 \`ok\`、\`wrong\` 或 \`unknown\`。

${JSON_SHAPE}`,
}
