import { NopassError } from '../src/errors.ts'
import { INPUTS, type Inputs } from '../src/rollout/inputs/input-table.ts'
import { nearest } from '../src/values/schema/nearest.ts'

/** @throws NopassError `RUNNER_UNSUPPORTED` */
export function refusePlatform(platform: NodeJS.Platform): void {
  if (platform === 'linux' || platform === 'darwin') return
  throw new NopassError('RUNNER_UNSUPPORTED', `this runner is ${platform}; the action needs Linux or macOS`)
}

/**
 * Refuses unknown inputs. The runner only warns about an input that action.yml does not list, and
 * ignores it, but a rollout must not depend on a typo. A job's variable that resembles no input
 * (`INPUT_DIR`) is accepted.
 * @throws NopassError `INPUT_INVALID`
 */
export function refuseUnknown(environment: NodeJS.ProcessEnv): void {
  const known = Object.keys(INPUTS)
  const given = Object.keys(environment).filter((name) => name.startsWith('INPUT_'))
  for (const unknown of given.map((name) => name.slice('INPUT_'.length).toLowerCase())) {
    const likely = known.includes(unknown) ? undefined : nearest(unknown, known)
    if (likely === undefined) continue
    throw new NopassError('INPUT_INVALID', `there is no input ${unknown}`, { hint: `Did you mean \`${likely}\`?` })
  }
}

/**
 * Refuses to run for a pull request, because its code must not change clusters.
 * @throws NopassError `PULL_REQUEST_REFUSED`
 */
export function refuseEvent(inputs: Inputs, environment: NodeJS.ProcessEnv): void {
  const event = environment.GITHUB_EVENT_NAME ?? ''
  const writes = inputs.mode === 'apply' || inputs.mode === 'uninstall'
  if (!writes || !event.startsWith('pull_request') || inputs['allow-on-pull-request']) return
  throw new NopassError('PULL_REQUEST_REFUSED', `mode ${inputs.mode} does not run on the event ${event}`)
}
