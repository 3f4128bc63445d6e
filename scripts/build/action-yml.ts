import { stringify } from 'yaml'
import { INPUTS, type InputSpec } from '../../src/rollout/inputs/input-table.ts'

export const OUTPUTS: Readonly<Record<string, string>> = {
  matrix: 'The clusters as `{"include":[{"name","wave","environment"}]}`, for strategy.matrix.',
  waves: 'The same by wave: `[{"wave":0,"matrix":{…}}]`.',
  results: 'What came of each cluster: name, wave, status, phase, revisions, duration, error with its fix.',
  'results-file': 'A file with the results, for an artifact; of a check also for `since` of the next check.',
  changed: 'Names of the clusters that changed (plan: would change), as JSON.',
  failed:
    'Names of the clusters that failed, as JSON; of a check those with an error, and those that could not be reached.',
  healthy: 'check: names of the clusters of which everything was read and is well, as JSON.',
  drifted: 'check: names of the clusters that differ from their release or from the list, as JSON.',
  skipped: 'Names of the clusters that were not tried, as JSON.',
  'plan-file': 'plan: the file that holds the plan, for an approval.',
  domains: 'login: the hosts that the job is logged in to, as JSON; first those that answered.',
  username: 'login: the user name. The password is no output.',
  'expires-at': 'login: when the first of the logins expires.',
}

/** Renders action.yml from the table of inputs. */
export function renderActionYml(): string {
  const inputs = Object.entries(INPUTS).map(([name, spec]) => [
    name,
    { description: describeInput(spec), required: false, default: spec.default },
  ])
  const outputs = Object.entries(OUTPUTS).map(([name, description]) => [name, { description }])
  const document = {
    name: 'acr-nopass rollout',
    description:
      'Password-free pulls from Alibaba Cloud Container Registry (ACR): validate, apply RAM, roll out to every cluster, verify',
    author: 'acr-nopass',
    branding: { icon: 'unlock', color: 'orange' },
    inputs: Object.fromEntries(inputs),
    outputs: Object.fromEntries(outputs),
    runs: { using: 'node24', main: 'action/dist/main.js', post: 'action/dist/post.js', 'post-if': 'always()' },
  }
  const head = '# Made by `npm run build` from src/rollout/inputs/input-table.ts. Do not edit.\n'
  return head + stringify(document, { lineWidth: 120, singleQuote: true })
}

/** Adds the parts that `--help` shows in its own way: the choices, and the separator of a list. */
function describeInput({ about, choices, kind }: InputSpec): string {
  if (choices !== undefined) return `${about} One of: ${choices.join(', ')}.`
  return kind === 'list' ? `${about} Separated by commas or line breaks.` : about
}
