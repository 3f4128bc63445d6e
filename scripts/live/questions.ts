import type { Text } from '../generate-docs/languages.ts'

interface Question {
  readonly question: Text
  /** What acr-nopass does until a live account has answered. */
  readonly until: Text
}

/**
 * Everything that acr-nopass relies on although no vendor page specifies it. The list is closed:
 * `npm run live` answers each question, docs/<language>/release.md has a row for each, and an ID
 * never changes its meaning.
 */
export const QUESTIONS = {
  SESSION_POLICY_ENTERPRISE: {
    question: {
      en: 'Does the session policy (`Policy`) of `AssumeRole` limit pulls from an Enterprise instance?',
      zh: '`AssumeRole` 的会话策略（`Policy`）是否限制从企业版实例拉取镜像？',
    },
    until: {
      en: 'The default is `limit: role`. With `limit: repositories` the helper asks the registry about each limited credential.',
      zh: '默认值是 `limit: role`。使用 `limit: repositories` 时，helper 会向镜像服务检查每个受限的凭证。',
    },
  },
  SESSION_POLICY_OIDC: {
    question: {
      en: 'Does the session policy of `AssumeRoleWithOIDC` (RRSA) limit pulls from an Enterprise instance?',
      zh: '`AssumeRoleWithOIDC`（RRSA）的会话策略是否限制从企业版实例拉取镜像？',
    },
    until: {
      en: 'As for `AssumeRole`. Two pages of RAM disagree: [decisions](decisions.md#session-policies).',
      zh: '与 `AssumeRole` 相同。RAM 的两份文档说法不一致：[设计决策](decisions.md#session-policies)。',
    },
  },
  SESSION_POLICY_PERSONAL: {
    question: {
      en: 'Does the session policy of `AssumeRole` limit pulls from the Personal Edition (created before 2024-09-09)?',
      zh: '`AssumeRole` 的会话策略是否限制从个人版（2024-09-09 之前创建）拉取镜像？',
    },
    until: {
      en: '`limit: repositories` is refused for the Personal Edition.',
      zh: '个人版不接受 `limit: repositories`。',
    },
  },
  UNKNOWN_REPOSITORY: {
    question: {
      en: 'Does the registry respond with 404 to a login that may pull a repository that does not exist?',
      zh: '对于不存在的仓库，镜像服务是否对有权拉取者返回 404？',
    },
    until: {
      en: 'A denied invented name decides nothing: name an existing repository with `probe`.',
      zh: '虚构的仓库名被拒绝时不作结论：请用 `probe` 指定一个已存在的仓库。',
    },
  },
  TOKEN_EXPIRES_IN_HOURS: {
    question: {
      en: 'Does `GetAuthorizationToken` honour `ExpiresInHours`?',
      zh: '`GetAuthorizationToken` 是否遵守 `ExpiresInHours`？',
    },
    until: {
      en: 'The expiry that the registry returns counts. Where the parameter is refused, the token is requested without it.',
      zh: '以镜像服务返回的过期时间为准；如果该参数被拒绝，则不带该参数重新申请令牌。',
    },
  },
  TOKEN_ENDS_WITH_SESSION: {
    question: {
      en: 'Does a token expire no later than the session that requested it?',
      zh: '令牌的过期时间是否不晚于申请它的会话？',
    },
    until: {
      en: 'Each token is requested with a new session, and the expiry that the registry returns counts.',
      zh: '每次用新会话申请令牌，并以镜像服务返回的过期时间为准。',
    },
  },
  LOGIN_ENDS_WITH_RIGHTS: {
    question: {
      en: "Does a login stop pulling within 60 seconds after the role's policy is detached?",
      zh: '解除角色的权限策略后，已签发的凭证是否在 60 秒内无法再拉取？',
    },
    until: {
      en: 'A leaked login counts as valid until it expires: [what to do](leaked-secret.md).',
      zh: '泄露的凭证在过期之前视为有效：[处理方法](leaked-secret.md)。',
    },
  },
  OIDC_ROOT_FINGERPRINT: {
    question: {
      en: "Does `AssumeRoleWithOIDC` accept an OIDC provider with the fingerprint of the issuer's root certificate?",
      zh: 'OIDC 身份提供商只有颁发者根证书的指纹时，`AssumeRoleWithOIDC` 是否接受？',
    },
    until: {
      en: 'The quick starts register the root and the intermediates.',
      zh: '快速入门登记根证书和中间证书的指纹。',
    },
  },
  OIDC_NO_FINGERPRINT: {
    question: {
      en: 'Does `AssumeRoleWithOIDC` accept an OIDC provider without fingerprints?',
      zh: '`AssumeRoleWithOIDC` 是否接受没有指纹的 OIDC 身份提供商？',
    },
    until: {
      en: 'The pages of this project never register a provider without fingerprints.',
      zh: '本项目的文档从不登记没有指纹的身份提供商。',
    },
  },
  OIDC_LEAF_FINGERPRINT: {
    question: {
      en: "Does `AssumeRoleWithOIDC` accept an OIDC provider with the fingerprint of the issuer's own certificate only?",
      zh: 'OIDC 身份提供商只有颁发者服务器证书的指纹时，`AssumeRoleWithOIDC` 是否接受？',
    },
    until: {
      en: 'The pages of this project never register this fingerprint alone, because the certificate changes every few months.',
      zh: '该证书每隔几个月就会更换，因此本项目的文档从不单独登记它的指纹。',
    },
  },
  OIDC_WRONG_FINGERPRINT: {
    question: {
      en: 'Does `AssumeRoleWithOIDC` refuse an OIDC provider whose only fingerprint belongs to no certificate of the issuer?',
      zh: 'OIDC 身份提供商唯一的指纹不属于颁发者的任何证书时，`AssumeRoleWithOIDC` 是否拒绝？',
    },
    until: {
      en: '`doctor` reports such a provider once STS has refused it.',
      zh: '被 STS 拒绝之后，`doctor` 会报告这样的身份提供商。',
    },
  },
  VPC_LINK_UNAUTHORIZED: {
    question: {
      en: 'Does a VPC link with the issue `NO_PRIVATE_ZONE_AUTHORIZED` serve pulls?',
      zh: '带有 `NO_PRIVATE_ZONE_AUTHORIZED` 的 VPC 关联能否用于拉取？',
    },
    until: {
      en: '`doctor` reports the issue, except for the VPC with `DefaultAccess`.',
      zh: '`doctor` 会报告该问题，`DefaultAccess` 的 VPC 除外。',
    },
  },
  RAM_EFFECT: {
    question: {
      en: 'Does an attached policy take effect within 60 seconds?',
      zh: '附加的权限策略是否在 60 秒内生效？',
    },
    until: {
      en: 'Checks of rights are repeated, and the last credential stays.',
      zh: '权限检查会重试，最后一个可用凭证保持不变。',
    },
  },
  RAM_READ: {
    question: {
      en: 'Does `GetPolicy` return a new policy within 60 seconds?',
      zh: '`GetPolicy` 是否在 60 秒内返回新的权限策略？',
    },
    until: {
      en: '`apply` waits 60 seconds for its own write, and never sends it a second time.',
      zh: '`apply` 最多等待 60 秒以读到自己的写入，并且不会重复发送。',
    },
  },
  STOPPED_INSTANCE: {
    question: {
      en: 'Does an instance that expired or was stopped refuse new tokens?',
      zh: '已到期或已停止的实例是否拒绝签发新令牌？',
    },
    until: {
      en: 'Any refusal is reported with its code, and the last token stays. The codes are not documented.',
      zh: '任何拒绝都会连同错误码一起报告，最后一个令牌保持不变。错误码没有文档。',
    },
  },
  CLUSTER_LIST_REGIONS: {
    question: {
      en: 'Does one endpoint of ACK list the clusters of all regions?',
      zh: 'ACK 的一个接入点是否列出所有地域的集群？',
    },
    until: {
      en: '`init` queries one endpoint. `--region` adds the endpoint of another region.',
      zh: '`init` 只查询一个接入点，可用 `--region` 添加其他地域的接入点。',
    },
  },
  MATCH_WILDCARD_INSIDE: {
    question: {
      en: 'Does `*` match inside of a resource name (`instance/cri-*h3`)?',
      zh: '`*` 是否可以在资源名称中间匹配（`instance/cri-*h3`）？',
    },
    until: {
      en: '`RAM_MATCHING`: such a verdict is likely, not certain.',
      zh: '`RAM_MATCHING`：此类结论只是“很可能”，并不确定。',
    },
  },
  MATCH_QUESTION_MARK: {
    question: {
      en: 'Does `?` match one character of a resource name?',
      zh: '`?` 是否匹配资源名称中的一个字符？',
    },
    until: {
      en: '`RAM_MATCHING`: such a verdict is likely, not certain.',
      zh: '`RAM_MATCHING`：此类结论只是“很可能”，并不确定。',
    },
  },
  MATCH_CASE: {
    question: {
      en: 'Does RAM ignore the case of letters in a resource name?',
      zh: 'RAM 是否忽略资源名称的大小写？',
    },
    until: {
      en: '`RAM_MATCHING`: such a verdict is likely, not certain.',
      zh: '`RAM_MATCHING`：此类结论只是“很可能”，并不确定。',
    },
  },
  MATCH_NOT_RESOURCE: {
    question: {
      en: 'Does RAM accept `NotResource`, and does it allow all other resources?',
      zh: 'RAM 是否接受 `NotResource`，并允许其他所有资源？',
    },
    until: {
      en: '`RAM_MATCHING`: such a verdict is likely, not certain.',
      zh: '`RAM_MATCHING`：此类结论只是“很可能”，并不确定。',
    },
  },
} as const satisfies Readonly<Record<string, Question>>

export type QuestionId = keyof typeof QUESTIONS

export const QUESTION_IDS: readonly QuestionId[] = Object.keys(QUESTIONS) as QuestionId[]

export function isQuestionId(text: string): text is QuestionId {
  return Object.hasOwn(QUESTIONS, text)
}
