import { stringify } from 'yaml'
import { confirmationOf } from '../../lib/confirmation.ts'
import { quoted, shell, shellWords } from '../../lib/shell-command.ts'
import { printable } from '../../printable.ts'
import type { LegacyFacts } from '../remove/collect-facts.ts'
import { LEGACY_HELPER } from '../remove/legacy-facts.ts'
import type { ServiceAccountName } from './choose-identity.ts'
import type { ValuesDraft } from './decide-import.ts'
import type { ImportNote } from './import-log.ts'
import type { AddonSettings } from './read-settings.ts'

const WIDTH = 110

/** Renders the draft as a values file, with notes as comments. */
export function renderValues(draft: ValuesDraft, notes: readonly ImportNote[], steps: readonly string[]): string {
  const { registries, identity, region, targets, attach, guard } = draft
  const blocks = [
    [
      ...renderComment(`Values of acr-nopass, imported from ${draft.source}.`),
      ...notes.filter(({ kind }) => kind !== 'dropped').flatMap(({ kind, text }) => renderComment(`${kind}: ${text}`)),
    ],
    [
      ...renderComment('To pull with fewer rights, name the repositories of each: `repositories: ["shop/*"]`.'),
      'registries:',
      ...registries.flatMap(({ values, comments }, index) => [
        ...(index === 0 ? [] : ['']),
        ...indent(comments.flatMap((text) => renderComment(text))),
        ...indent(yaml([values])),
      ]),
    ],
    [...identity.comments.flatMap((text) => renderComment(text)), ...yaml({ identity: identity.values })],
    ...(region === undefined
      ? []
      : [[...renderComment("The cluster's own region: APIs there are called inside the VPC."), ...yaml({ region })]]),
    renderTargets(targets),
    [
      ...renderComment(
        attach === 'both'
          ? 'By ServiceAccounts as before, for tools that read them; and at admission, which no other writer can undo. `auto` is enough where only Pods pull.'
          : 'By ServiceAccounts, as before. `auto` gives the helper fewer rights from Kubernetes 1.36 on.',
      ),
      ...yaml({ attach }),
    ],
    ...(guard ? [] : [[...renderComment('The guard needs Kubernetes 1.30.'), ...yaml({ guard: 'disabled' })]]),
    ...(steps.length === 0 ? [] : [['# How to switch so that no pull fails:', ...steps.flatMap(renderStep)]]),
  ]
  return `${blocks.map((lines) => lines.join('\n')).join('\n\n')}\n`
}

function renderTargets({ include, exclude, serviceAccounts, comments }: ValuesDraft['targets']): readonly string[] {
  const namespaces = { include, ...(exclude === undefined ? {} : { exclude }) }
  return [
    ...comments.flatMap((text) => renderComment(text)),
    ...yaml({ targets: { namespaces, serviceAccounts: { include: serviceAccounts } } }),
  ]
}

function renderStep(text: string, index: number): readonly string[] {
  const [first = '', ...more] = renderComment(`${index + 1}. ${text}`)
  return [first, ...more.map((line) => line.replace('# ', '#    '))]
}

function yaml(value: unknown): readonly string[] {
  // YAML version 1.1 quotes every text that an older parser would read as another type.
  return stringify(value, { version: '1.1', lineWidth: 0, aliasDuplicateObjects: false }).trimEnd().split('\n')
}

const indent = (lines: readonly string[]): readonly string[] => lines.map((line) => (line === '' ? line : `  ${line}`))

/** Renders one paragraph of comment. Line feeds in foreign texts cannot end the comment. */
function renderComment(text: string): readonly string[] {
  const lines = ['']
  for (const word of text
    .split(/\s+/)
    .filter((one) => one !== '')
    .map(printable)) {
    const last = lines.length - 1
    const line = lines[last] ?? ''
    if (line !== '' && line.length + word.length + 1 > WIDTH) lines.push(word)
    else lines[last] = line === '' ? word : `${line} ${word}`
  }
  return lines.map((line) => `# ${line}`)
}

/**
 * Returns the steps in the safe order. The old helper keeps running until every Pod was recreated
 * with the old and the new Secret, and until acr-nopass covers everything that the old helper
 * serves.
 */
export function switchSteps(
  settings: AddonSettings | undefined,
  facts: LegacyFacts,
  { program, release }: { readonly program: string; readonly release: ServiceAccountName },
): readonly string[] {
  const where =
    release.namespace === 'acr-nopass' && release.name === 'acr-nopass'
      ? shellWords``
      : shellWords` --namespace ${release.namespace} --release ${release.name}`
  const values = shellWords`apply -f values.yaml --kubeconfig kubeconfig.yaml --coexist true`
  const apply = shell`${values}${where}` ?? shell`${values}`
  const remove = shell`cleanup --legacy --confirm ${quoted(confirmationOf(LEGACY_HELPER, 1))}`
  const secrets = [...new Set(facts.secrets.map(({ metadata }) => metadata.name))].sort()
  const isAddon = settings !== undefined
  return [
    `Install beside the old helper, which keeps running: ${program} ${apply}`,
    `Check with ${program} doctor that every registry is live and every namespace has its pull secret.`,
    'Restart what was created before (kubectl rollout restart): a Pod keeps the list with which it was created.',
    `Check what still depends on the old helper: ${program} cleanup --legacy. It changes nothing, and names each Pod, workload, text, instance and host.`,
    ...(isAddon
      ? [
          'Uninstall the add-on in the ACK console, if it was installed there; otherwise ACK still treats it as installed.',
        ]
      : []),
    `When nothing depends on it: ${program} ${remove}. It stops the old helper, removes its entries from ServiceAccounts, then its RBAC${isAddon ? ' and acr-configuration' : ''}. It deletes no Secret: it prints what names ${secrets.length === 0 ? 'each' : secrets.join(', ')}, and the command that deletes it.`,
    isAddon
      ? 'Remove the old rights in RAM: the statement cr:* of the worker role, if you wrote one for the add-on.'
      : 'Remove the old rights in RAM: cr:Get*, cr:List* and cr:PullRepository in the policy k8sWorkerRolePolicy-… of the worker role; acr-nopass has a policy of its own.',
  ]
}
