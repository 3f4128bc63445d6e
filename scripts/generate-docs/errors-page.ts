import { parse } from 'yaml'
import { CLI_CODES } from '../../src/error-codes/cli.ts'
import { CLOUD_CODES, POLICY_CODES, REGISTRY_CODES } from '../../src/error-codes/cloud.ts'
import { DOCKER_CODES } from '../../src/error-codes/docker-config.ts'
import { GENERAL_CODES, INPUT_CODES } from '../../src/error-codes/general.ts'
import { HELM_CODES } from '../../src/error-codes/helm.ts'
import { HELPER_CODES } from '../../src/error-codes/helper.ts'
import { KUBE_CODES } from '../../src/error-codes/kube.ts'
import { NODE_CODES } from '../../src/error-codes/node.ts'
import { ROLLOUT_CODES } from '../../src/error-codes/rollout.ts'
import { VALUES_CODES } from '../../src/error-codes/values.ts'
import { type Language, languageSwitch, type Text, table, untranslated } from './languages.ts'

type Rows = Readonly<Record<string, { readonly what: string; readonly fix: string }>>

/** The meaning and the fix of each code in Chinese, from errors-zh.yaml. */
export type ChineseRows = Readonly<Record<string, readonly [what: string, fix: string]>>

const AREAS: readonly (readonly [title: Text, rows: Rows])[] = [
  [{ en: 'Inputs and flags', zh: '输入与参数' }, INPUT_CODES],
  [{ en: 'Values and clusters files', zh: 'values 与集群文件' }, VALUES_CODES],
  [{ en: 'Alibaba Cloud: APIs and identities', zh: '阿里云：API 与身份' }, CLOUD_CODES],
  [{ en: 'Registries and their credentials', zh: '实例及其访问凭证' }, REGISTRY_CODES],
  [{ en: 'RAM policies and roles', zh: 'RAM 权限策略与角色' }, POLICY_CODES],
  [{ en: 'Kubernetes', zh: 'Kubernetes' }, KUBE_CODES],
  [{ en: 'Helm', zh: 'Helm' }, HELM_CODES],
  [{ en: 'Rollouts', zh: '发布' }, ROLLOUT_CODES],
  [{ en: 'The helper in the cluster', zh: '集群中的 helper' }, HELPER_CODES],
  [{ en: 'Logins in a Docker configuration', zh: 'Docker 配置中的登录' }, DOCKER_CODES],
  [{ en: 'Nodes that pull without a Secret', zh: '不使用 Secret 拉取镜像的节点' }, NODE_CODES],
  [{ en: 'The command line tool', zh: '命令行工具' }, CLI_CODES],
  [{ en: 'Anywhere', zh: '通用' }, GENERAL_CODES],
]

const WORDS = {
  en: {
    title: 'Errors and their fixes',
    introduction: `Every failure that acr-nopass reports has one of these codes. A message contains the failure, its place (file:line:column, or cluster
and namespace), the cause and the fix for this case. This page has the general fixes. A code never changes its meaning. Events of the
helper have the code as reason, in camel case: \`ForeignSecret\`. An Event about a registry has the reason \`TokenFailing\`.
`,
    columns: ['code', 'what it means', 'fix'],
  },
  zh: {
    title: '错误码与解决方法',
    introduction: `acr-nopass 报告的每个失败都带有下列错误码之一。消息会说明什么失败、在哪里（文件:行:列，或集群与命名空间）、原因，以及针对该情形的解决方法；
本页列出一般性的解决方法。消息文本为英文。错误码的含义永不改变。helper 的 Event 以驼峰形式的错误码为 reason，例如 \`ForeignSecret\`。
关于实例的 Event 的 reason 为 \`TokenFailing\`。
`,
    columns: ['错误码', '含义', '解决方法'],
  },
} as const

/**
 * Renders docs/<language>/errors.md: every code with its meaning and its general fix. A message may
 * contain a more specific fix.
 */
export function errorsPage(language: Language, chinese: ChineseRows): string {
  refuseUnknown(chinese)
  const { title, introduction, columns } = WORDS[language]
  const sections = AREAS.map(([area, rows]) => {
    const lines = Object.entries(rows).map(([code, { what, fix }]) => {
      const words = language === 'zh' ? (chinese[code] ?? [what, fix].map(untranslated)) : [what, fix]
      return [`\`${code}\``, ...words]
    })
    return `## ${area[language]}\n${table(columns, lines)}\n`
  })
  const switchLine = languageSwitch(`docs/${language}/errors.md`)
  return `# ${title}\n\n${switchLine}\n\n${introduction}\n${sections.join('\n')}`
}

/** Reads the Chinese rows, next to this file. */
export function readChineseRows(readText: (path: string) => string): ChineseRows {
  return parse(readText('scripts/generate-docs/errors-zh.yaml')) as ChineseRows
}

function refuseUnknown(chinese: ChineseRows): void {
  const codes = AREAS.flatMap(([, rows]) => Object.keys(rows))
  const wrong = [
    ...Object.keys(chinese)
      .filter((code) => chinese[code]?.length !== 2)
      .map((code) => `${code} needs a meaning and a fix`),
    ...Object.keys(chinese)
      .filter((code) => !codes.includes(code))
      .map((code) => `${code} does not exist`),
  ]
  if (wrong.length > 0) throw new Error(`scripts/generate-docs/errors-zh.yaml: ${wrong.join(', ')}`)
}
