import type { PageWords } from './page.ts'

const COMMANDS = `\`\`\`sh
acr-nopass doctor --kubeconfig kubeconfig.yaml
acr-nopass doctor pod shop/web-5d9c7-x2x4k --kubeconfig kubeconfig.yaml
acr-nopass doctor pod shop/web-5d9c7-x2x4k --ask-registry --kubeconfig kubeconfig.yaml
\`\`\`
`

const JSON_SHAPE = `\`\`\`json
{
  "healthy": false,
  "server": "https://…", "kubernetes": "v1.36.3",
  "release": { "namespace": "acr-nopass", "name": "acr-nopass", "verified": true },
  "helper": { "version": "…", "replicas": { "wanted": 2, "available": 2 }, "leader": "…", "attach": "admission", "reportedAt": "…" },
  "unverified": [{ "id": "RAM_MATCHING", "text": "…", "subjects": ["role …"] }],
  "cloud": { "looked": true, "caller": "acs:ram::…:user/…", "account": "…", "notes": [{ "what": "role …", "why": "…" }] },
  "registries": [], "namespaces": {}, "serviceAccounts": {},
  "pod": { "namespace": "shop", "name": "web-…", "node": {}, "containers": [{ "name": "app", "image": "…", "pull": "pulled", "steps": [{ "step": "registry", "state": "ok", "detail": "prod" }] }] },
  "findings": [{ "id": "POD_TOO_OLD", "severity": "error", "subject": "Pod shop/web-…", "message": "…", "cause": "…", "fix": "…", "command": "kubectl …", "objects": [], "causedBy": "…" }],
  "unread": [{ "what": "…", "why": "…" }]
}
\`\`\`
`

/** The permissions for reading the cloud; the cluster test reads with exactly these. */
const CLOUD_RIGHTS = `\`\`\`json
{
  "Version": "1",
  "Statement": [
    {
      "Effect": "Allow",
      "Action": [
        "ram:GetRole",
        "ram:ListPoliciesForRole",
        "ram:GetPolicy",
        "ram:GetOIDCProvider",
        "cs:DescribeClusterDetail",
        "cs:DescribeClusterNodePools",
        "cr:GetInstance",
        "cr:ListInstance",
        "cr:ListInstanceEndpoint",
        "cr:GetInstanceVpcEndpoint"
      ],
      "Resource": ["*"]
    }
  ]
}
\`\`\`
`

export const WORDS_EN: PageWords = {
  language: 'en',
  title: 'A Pod does not pull: what to do',
  introduction: `One command checks a whole cluster, another one Pod. Each finding has a name that never changes, its cause, its fix, and the
command that repairs it. Both only read, with your rights, and of Secrets only metadata; what you may not read is reported, and the
other checks continue. \`--ask-registry\` (with the right to get that one Secret) also logs in to the registry with the Secret's login,
so the result does not come from a cache.

Two checks are writes as a dry run, which stores nothing: \`doctor\` creates a Pod in each target namespace, up to 1,000, to see the admission
policy at work (with the right to create Pods), and makes changes as the helper that its guard must refuse (with the right to impersonate the
helper's ServiceAccount, which the ClusterRoles \`admin\` and \`edit\` include). Without these rights it reports that the effect was not checked.

${COMMANDS}
They exit with 1 when there is an error; \`--fail-on warning\` is stricter, and \`--fail-on unread\` also fails when something could not be
read. Each container, image volumes included, has pulled, cannot pull, waits for something else, or is unknown (\`pull\` in the JSON).
\`healthy\` is true only when everything was read and no Pod cannot pull or is unknown; null when nothing is wrong in what is known. Times
are judged by the API server's clock. Suggested commands delete only objects of this release, or Pods that their controller recreates. What a node
reports is compared with the image's own host, and names of images are removed before. A missing image, a certificate, a full disk, a proxy,
a mirror or another platform is never attributed to a credential. An unknown cause is reported as unknown, and a message from before the Secret was written decides nothing. What likely follows from another finding stands below
it, without a fix of its own (\`causedBy\` in the JSON). As kubectl plugin: \`kubectl acr-nopass doctor\`. A release is what has a cluster-scoped
object of the chart, because anyone may set our labels; any other must be named by \`--namespace\` and \`--release\`, and no command applies its manifest. Every
finding below was produced on real components in the tests and reported correctly. (This page is generated from \`scripts/generate-docs/\`.)
`,
  columns: ['symptom', 'finding', 'what to do'],
  parts: [
    'A Pod',
    'The release and its helper',
    'Alibaba Cloud and its registries',
    'Pull secrets and ServiceAccounts',
  ],
  closing: `## What is read from the cloud
With credentials of Alibaba Cloud in the environment (\`ALIBABA_CLOUD_ACCESS_KEY_ID\`, \`ALIBABA_CLOUD_ACCESS_KEY_SECRET\` and, for a
session, \`ALIBABA_CLOUD_SECURITY_TOKEN\`; a role by \`ALIBABA_CLOUD_ROLE_ARN\`, \`ALIBABA_CLOUD_OIDC_PROVIDER_ARN\` and
\`ALIBABA_CLOUD_OIDC_TOKEN_FILE\`; or a profile of the CLI \`aliyun\` with its own key, chosen by \`ALIBABA_CLOUD_PROFILE\`) both commands also read what the
helper's identity depends on: its OIDC provider, its roles with their trust and all their policies, the instances, whether the
cluster's VPC is linked to them, and which addresses their public endpoint allows. So a wrong trust policy is found before the helper's session expires.
Nothing is ever written; each read is limited to five seconds, all together to twenty.

Without credentials, and with \`--cloud off\`, this part is skipped, and the report shows it. What they may not read is reported with the
missing right, and the other checks continue. The credentials are sent only to Alibaba Cloud's public addresses, or to those of
\`--endpoints\`; never to an address found in the cluster. These rights are enough; \`AliyunRAMReadOnlyAccess\`, \`AliyunCSReadOnlyAccess\` and
\`AliyunContainerRegistryReadOnlyAccess\` have them too:

${CLOUD_RIGHTS}
An ACK cluster contains its own id (\`kube-system/ack-cluster-profile\`); for others pass \`--ack-cluster-id\`, and
\`--worker-role\` for the RAM roles of its nodes. RAM only shows the caller's account: for a role or an instance of another one, run
doctor again with credentials of that account.

## Relied on, and not verified
\`doctor\` and \`plan\` end with what they relied on and could not verify, each fact once (in JSON: \`unverified\`). They are no findings: nothing
has to be done unless something does not work.

| Fact | Meaning |
| --- | --- |
| \`RAM_MATCHING\` | Alibaba Cloud does not document how RAM matches \`*\` inside a segment of a resource, \`?\`, upper and lower case, and \`NotResource\`. Verdicts about policies that use them are likely, not certain. |
| \`ISSUER\` | The API server's discovery document could not be read, so the first issuer that ACK lists is used in the trust policy. Grant the ClusterRole \`system:service-account-issuer-discovery\` to have it verified. |
| \`EDGE_NODES\` | Edge node pools have no metadata service, and it was not checked on which node the helper runs. Keep it on cloud nodes with \`nodeSelector\`, or use \`identity.type: rrsa\`. |
| \`TAGS_DENIED\` | The credentials lack \`ram:TagResources\`, so what they created is marked by its description alone. |
| \`VPC_FALLBACK\` | With \`network: auto\` a VPC address does not resolve (some regions have none), so the helper uses the public one. It needs internet access then; \`network: vpc\` never falls back. |
| \`EXPIRES_IN_HOURS\` | \`expiresInHours\` is not known to be honoured everywhere; the time that the registry returns counts. |

A machine in a VPC without internet access reaches RAM at \`https://ram.vpc-proxy.aliyuncs.com\`; set it with \`--endpoints\` (in the action:
\`endpoints\`), with \`sts: https://sts-vpc.REGION.aliyuncs.com\` and \`cs: https://cs-anony-vpc.REGION.aliyuncs.com\`.

## Behind a proxy
The action and the CLI reach an API server as kubectl and helm do: through the \`proxy-url\` of the cluster in the kubeconfig, else
through \`HTTPS_PROXY\` unless \`NO_PROXY\` names the server (\`name\`, \`.name\`, \`*\`, addresses and CIDRs; names and addresses also with a
port). A server on this machine is reached directly unless \`proxy-url\` is set. The proxy has to be an HTTP proxy (\`http://\` or
\`https://\`, with user and password if it requires them); SOCKS5, which kubectl and helm also support, is refused with
\`KUBE_CONNECTION\`. The certificate of an \`https://\` proxy is verified with the public CAs and \`NODE_EXTRA_CA_CERTS\`. The helper in the
cluster never uses a proxy for its own API server: \`HTTPS_PROXY\` in \`extraEnv\` is for Alibaba Cloud and the registries.

## As data
\`-o json\` writes the same for programs. Fields are added to it and never change their meaning; \`registries\`, \`namespaces\` and
\`serviceAccounts\` are present for a cluster, \`pod\` for a Pod. \`state\` is \`ok\`, \`wrong\` or \`unknown\`.
With \`attach: admission\` \`serviceAccounts\` is null; where \`cloud.looked\` is false, \`cloud.why\` has the reason.

${JSON_SHAPE}`,
}

export const WORDS_ZH: PageWords = {
  language: 'zh',
  title: 'Pod 拉取失败：怎么办',
  introduction: `一条命令检查整个集群，另一条检查一个 Pod。每项诊断结果都有固定的标识，并给出原因、解决方法和修复命令。两者都只读，
使用您自己的权限，对 Secret 只读元数据；无权读取的内容会说明，其余检查照常进行。\`--ask-registry\`（需要读取那一个 Secret 的权限）
还会用 Secret 中的登录信息登录实例，因此结果不会来自缓存。

有两项检查是试运行（dry run）写入，不会保存任何内容：在每个目标命名空间试创建一个 Pod（最多 1,000 个，需要创建 Pod 的权限），以验证准入策略确实生效；
以 helper 的身份试做防护（guard）必须拒绝的改动（需要模拟 helper 的 ServiceAccount 的权限，ClusterRole \`admin\` 和 \`edit\` 已包含）。没有这些权限时，
会说明其效果未经检查。

${COMMANDS}
有错误时退出码为 1；\`--fail-on warning\` 更严格，\`--fail-on unread\` 在有内容无法读取时也返回失败。每个容器（包括镜像卷）的结果
只能是已拉取、无法拉取、等待其他条件、未知之一（JSON 中的 \`pull\`）。只有全部内容都已读取、没有错误、也没有无法拉取或未知的 Pod 时
\`healthy\` 才为 true；已知部分没有问题、但有内容无法读取或未知时为 null。时间以 API Server 的时钟为准。打印出的命令只会删除本 release 的对象，以及控制器会重新创建的 Pod。
判断节点的报错时，会与镜像自身的域名比较，并先去掉镜像名称；镜像不存在、证书、磁盘已满、代理、镜像加速地址或平台不符，绝不会归咎于凭证；原因不明时会如实说明，早于 Secret 写入时间的报错不作为依据。很可能由另一个问题引起的结果列在该问题下方，不再单独给出解决方法（JSON 中为 \`causedBy\`）。标签任何人都能设置，因此只有拥有 Chart 的集群级对象的 release 才被认可；其他的需用 \`--namespace\` 与 \`--release\` 指明，也不会打印应用其清单的命令。作为 kubectl 插件：\`kubectl acr-nopass doctor\`。下列问题均已在测试中用真实组件复现，
doctor 都能准确识别。（本页由 \`scripts/generate-docs/\` 生成。）
`,
  columns: ['现象', '结果', '解决方法'],
  parts: ['Pod', 'release 与 helper', '阿里云与实例', '拉取 Secret 与 ServiceAccount'],
  closing: `## 从云端读取的内容
环境中有阿里云凭证时（\`ALIBABA_CLOUD_ACCESS_KEY_ID\`、\`ALIBABA_CLOUD_ACCESS_KEY_SECRET\`，会话还需
\`ALIBABA_CLOUD_SECURITY_TOKEN\`；或以 \`ALIBABA_CLOUD_ROLE_ARN\`、\`ALIBABA_CLOUD_OIDC_PROVIDER_ARN\` 与
\`ALIBABA_CLOUD_OIDC_TOKEN_FILE\` 扮演角色；或 \`aliyun\` 命令行工具中自带密钥的配置，可用 \`ALIBABA_CLOUD_PROFILE\` 选择），两条命令还会读取 helper 身份所依赖的内容：
OIDC 提供商、角色及其信任策略与全部权限策略、实例、集群的 VPC 是否已关联、公网入口允许哪些地址。因此错误的信任策略在 helper
的会话到期之前就能发现，而不是之后。从不写入；每次读取最多五秒，全部最多二十秒。

没有凭证或使用 \`--cloud off\` 时跳过这部分，报告会说明。凭证无权读取的内容会连同缺少的权限一起说明，其余检查照常进行。凭证只发往
阿里云的公网地址或 \`--endpoints\` 指定的地址，绝不发往集群中写的地址。以下权限即可；\`AliyunRAMReadOnlyAccess\`、
\`AliyunCSReadOnlyAccess\` 与 \`AliyunContainerRegistryReadOnlyAccess\` 也包含它们：

${CLOUD_RIGHTS}
ACK 集群的 ID 会自动读取（\`kube-system/ack-cluster-profile\`）；其他集群用 \`--ack-cluster-id\` 指明，用 \`--worker-role\` 指明节点的
RAM 角色。RAM 只返回本账号的信息：对于其他账号的角色或实例，请使用该账号的凭证再运行一次 doctor。

## 所依赖但未能验证的事实
\`doctor\` 和 \`plan\` 会在结尾列出所依赖但未能验证的事实，每项只列一次（JSON 中为 \`unverified\`）。它们不是问题：只要一切正常，就无需处理。

| 事实 | 含义 |
| --- | --- |
| \`RAM_MATCHING\` | 对于资源某一段内的 \`*\`、\`?\`、大小写以及 \`NotResource\`，阿里云没有公布 RAM 的匹配规则。涉及这些写法的结论只是“很可能”，并不确定。 |
| \`ISSUER\` | 无法读取 API Server 的 OIDC 发现文档，因此信任策略使用 ACK 列出的第一个 issuer。授予 ClusterRole \`system:service-account-issuer-discovery\` 后即可验证。 |
| \`EDGE_NODES\` | 边缘节点池没有元数据服务，且未检查 helper 运行在哪个节点上。请用 \`nodeSelector\` 使其运行在云端节点，或使用 \`identity.type: rrsa\`。 |
| \`TAGS_DENIED\` | 凭证缺少 \`ram:TagResources\` 权限，所创建的内容只能通过描述标明由 acr-nopass 管理。 |
| \`VPC_FALLBACK\` | 使用 \`network: auto\` 时，VPC 地址无法解析（部分地域没有该地址），因此 helper 使用公网地址，此时需要能够访问公网；\`network: vpc\` 不会回退。 |
| \`EXPIRES_IN_HOURS\` | 并非所有接入点都确定支持 \`expiresInHours\`；以实例返回的时间为准。 |

VPC 内无法访问公网的机器可通过 \`https://ram.vpc-proxy.aliyuncs.com\` 访问 RAM：用 \`--endpoints\`（在 Action 中为 \`endpoints\`）设置该地址，
并设置 \`sts: https://sts-vpc.REGION.aliyuncs.com\` 和 \`cs: https://cs-anony-vpc.REGION.aliyuncs.com\`。

## 通过代理访问 API Server
Action 和 CLI 访问 API Server 的方式与 kubectl、helm 相同：优先使用 kubeconfig 中该集群的 \`proxy-url\`；没有时使用 \`HTTPS_PROXY\`，
但 \`NO_PROXY\` 列出的服务器除外（可写 \`name\`、\`.name\`、\`*\`、IP 地址和 CIDR，其中域名和 IP 地址还可带端口）。除非设置了 \`proxy-url\`，
本机上的 API Server 总是直接访问。代理必须是 HTTP 代理（\`http://\` 或 \`https://\`，需要认证时带用户名和密码）；kubectl 和 helm 还支持
SOCKS5，这里不支持，会报 \`KUBE_CONNECTION\`。\`https://\` 代理的证书用公共 CA 和 \`NODE_EXTRA_CA_CERTS\` 验证。集群中的 helper
访问本集群的 API Server 时从不使用代理：\`extraEnv\` 中的 \`HTTPS_PROXY\` 只用于访问阿里云和镜像服务。

## 数据形式
\`-o json\` 为程序输出同样的内容。字段只会增加，含义不变；\`registries\`、\`namespaces\`、\`serviceAccounts\` 用于集群，\`pod\` 用于 Pod。
\`state\` 为 \`ok\`、\`wrong\` 或 \`unknown\`。
使用 \`attach: admission\` 时 \`serviceAccounts\` 为 null；\`cloud.looked\` 为 false 时，\`cloud.why\` 为原因。

${JSON_SHAPE}`,
}
