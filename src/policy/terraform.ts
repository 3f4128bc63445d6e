import { ROTATE } from '../alibaba/ram.ts'
import type { Grant } from './grant.ts'
import { normalForm, type PolicyDocument } from './normal-form.ts'
import { OWNER_TAG, terraformDescription } from './ram-names.ts'

/**
 * According to the provider's pages, `role_name`, `assume_role_policy_document` and `tags` of
 * alicloud_ram_role are "available since v1.252.0", and `tags` of alicloud_ram_policy since
 * v1.246.0.
 */
export const TERRAFORM_HEADER: string = '# Needs version 1.252.0 or newer of the provider aliyun/alicloud.\n'

/** Renders the policies as resources of Terraform's alicloud provider. */
export function renderTerraform({ purpose, policy, role, attachTo, otherAccount }: Grant): string {
  const description = terraformDescription(purpose)
  const blocks: string[] = []
  const label = (name: string): string => terraformLabel(otherAccount === undefined ? name : `${name}_${otherAccount}`)
  const alias = `account_${otherAccount}`
  const inAccount = `; in account ${otherAccount}, so it needs: provider "alicloud" { alias = "${alias}" }`
  const block = (type: string, name: string, what: string, own: Readonly<Record<string, string>>): void => {
    const attributes = { ...(otherAccount !== undefined && { provider: `alicloud.${alias}` }), ...own }
    const width = Math.max(...Object.keys(attributes).map((key) => key.length))
    const lines = Object.entries(attributes).map(([key, value]) => `  ${key.padEnd(width)} = ${value}`)
    const comment = `# ${what}, for ${purpose}${otherAccount === undefined ? '' : inAccount}`.replaceAll(/\s+/g, ' ')
    blocks.push(`${comment}\nresource "${type}" "${label(name)}" {\n${lines.join('\n')}\n}\n`)
  }
  if (policy) {
    block('alicloud_ram_policy', policy.name, `Policy ${policy.name}`, {
      policy_name: quote(policy.name),
      description: quote(description),
      policy_document: jsonencode(policy.document),
      rotate_strategy: quote(ROTATE),
      tags: tags(),
    })
  }
  if (role) {
    block('alicloud_ram_role', role.name, `Role ${role.name}`, {
      role_name: quote(role.name),
      description: quote(description),
      assume_role_policy_document: jsonencode(role.trust),
      tags: tags(),
    })
  }
  if (policy) {
    const own = role ? [[role.name, `alicloud_ram_role.${label(role.name)}.role_name`]] : []
    for (const [name = '', reference = ''] of [...own, ...attachTo.map((existing) => [existing, quote(existing)])]) {
      block('alicloud_ram_role_policy_attachment', name, `Policy ${policy.name} for role ${name}`, {
        policy_name: `alicloud_ram_policy.${label(policy.name)}.policy_name`,
        policy_type: '"Custom"',
        role_name: reference,
      })
    }
  }
  return blocks.join('\n')
}

/** A label that Terraform accepts: letters, digits, `_` and `-`, not starting with a digit. */
const terraformLabel = (name: string): string => name.replace(/[^A-Za-z0-9_-]/g, '_').replace(/^(?![A-Za-z_])/, '_')

const tags = (): string => `{ ${quote(OWNER_TAG.key)} = ${quote(OWNER_TAG.value)} }`

/** JSON is a valid HCL expression, except for two template marks, which are doubled. */
const escapeTemplate = (json: string): string => json.replace(/[$%](?=\{)/g, (mark) => mark + mark)

const quote = (text: string): string => escapeTemplate(JSON.stringify(text))

const jsonencode = (document: PolicyDocument): string =>
  `jsonencode(${escapeTemplate(JSON.stringify(normalForm(document), null, 2)).replaceAll('\n', '\n  ')})`
