import { CLI_CODES } from '../../src/error-codes/cli.ts'
import { CLOUD_CODES, POLICY_CODES, REGISTRY_CODES } from '../../src/error-codes/cloud.ts'
import { DOCKER_CODES } from '../../src/error-codes/docker-config.ts'
import { GENERAL_CODES, INPUT_CODES } from '../../src/error-codes/general.ts'
import { HELM_CODES } from '../../src/error-codes/helm.ts'
import { HELPER_CODES } from '../../src/error-codes/helper.ts'
import { KUBE_CODES } from '../../src/error-codes/kube.ts'
import { LOGIN_CODES } from '../../src/error-codes/login.ts'
import { NODE_CODES } from '../../src/error-codes/node.ts'
import { NODE_SCRIPT_CODES } from '../../src/error-codes/node-script.ts'
import { ROLLOUT_CODES } from '../../src/error-codes/rollout.ts'
import { VALUES_CODES } from '../../src/error-codes/values.ts'
import { type Language, table, untranslated } from './languages.ts'
import { readTexts } from './read-texts.ts'

type Rows = Readonly<Record<string, { readonly what: string; readonly fix: string }>>

/** The meaning and the fix of each code in Chinese, from errors-zh.yaml. */
export type ChineseRows = Readonly<Record<string, readonly [what: string, fix: string]>>

const AREAS: Readonly<Record<string, Rows>> = {
  input: INPUT_CODES,
  values: VALUES_CODES,
  cloud: CLOUD_CODES,
  registry: REGISTRY_CODES,
  policy: POLICY_CODES,
  kube: KUBE_CODES,
  helm: HELM_CODES,
  rollout: ROLLOUT_CODES,
  helper: HELPER_CODES,
  login: LOGIN_CODES,
  'docker-config': DOCKER_CODES,
  node: NODE_CODES,
  'node-script': NODE_SCRIPT_CODES,
  cli: CLI_CODES,
  general: GENERAL_CODES,
}

const COLUMNS = { en: ['code', 'what it means', 'fix'], zh: ['错误码', '含义', '解决方法'] } as const

/**
 * Renders the tables of docs/<language>/errors.md: every code with its meaning and its general fix.
 * A message may contain a more specific fix.
 */
export function errorTables(language: Language, chinese: ChineseRows): Record<string, string> {
  return Object.fromEntries(
    Object.entries(AREAS).map(([area, rows]) => {
      const lines = Object.entries(rows).map(([code, { what, fix }]) => {
        const words = language === 'zh' ? (chinese[code] ?? [what, fix].map(untranslated)) : [what, fix]
        return [`\`${code}\``, ...words]
      })
      return [`errors:${area}`, table(COLUMNS[language], lines)]
    }),
  )
}

/** Reads the Chinese rows, next to this file. */
export function readChineseRows(readText: (path: string) => string): ChineseRows {
  const codes = Object.values(AREAS).flatMap((rows) => Object.keys(rows))
  return readTexts<ChineseRows>(readText, 'scripts/generate-docs/errors-zh.yaml', codes)
}
