import type { Grant, Grants } from '../../policy/helper-grants.ts'
import type { PolicyDocument } from '../../policy/normal-form.ts'
import { renderTerraform } from '../../policy/terraform.ts'
import { printable } from '../../printable.ts'

interface TitledDocument {
  readonly kind: 'policy' | 'trust'
  /** Of the policy, or of the role that is trusted. */
  readonly name: string
  readonly purpose: string
  readonly attachTo: readonly string[]
  readonly document: PolicyDocument
}

/** The documents for `-o json`. */
export function describeGrants({ grants, notes }: Grants): object {
  return { documents: grants.flatMap(documentsOf), notes }
}

/** A single document is plain JSON for RAM; of several each has a heading. */
export function renderJson(grants: readonly Grant[]): string {
  const documents = grants.flatMap(documentsOf)
  const [only] = documents
  if (documents.length === 1 && only) return `${JSON.stringify(only.document, null, 2)}\n`
  return documents.map((one) => `# ${printable(title(one))}\n${JSON.stringify(one.document, null, 2)}\n`).join('\n')
}

/** The same for Terraform's alicloud provider. */
export function renderResources(grants: readonly Grant[]): string {
  return grants.map(renderTerraform).join('\n')
}

function documentsOf({ purpose, policy, role, attachTo }: Grant): readonly TitledDocument[] {
  const roles = role === undefined ? attachTo : [role.name, ...attachTo]
  return [
    ...(policy ? [{ kind: 'policy', purpose, attachTo: roles, ...policy } as const] : []),
    ...(role ? [{ kind: 'trust', name: role.name, purpose, attachTo: [], document: role.trust } as const] : []),
  ]
}

function title({ kind, name, purpose, attachTo }: TitledDocument): string {
  if (kind === 'trust') return `trust policy of role ${name}, for ${purpose}`
  return `policy ${name}, for ${purpose}${attachTo.length === 0 ? '' : `; attach it to ${attachTo.join(', ')}`}`
}
