import { createDefaultTransport } from '../../alibaba/transport/cloud-transport.ts'
import { obtainHelm } from '../../helm/obtain/obtain-helm.ts'
import { idTokenSource } from '../connect/id-token.ts'
import type { Settings } from '../inputs/settings.ts'
import type { RolloutDeps } from './run-rollout.ts'

export interface RolloutReporter extends Pick<RolloutDeps, 'folder' | 'report'> {
  readonly environment: NodeJS.ProcessEnv
  /** Called once with every secret, before it is used. */
  readonly mask: (secret: string) => void
}

/** The dependencies of a rollout; the action and the command line tool differ in masking and reporting. */
export function createRolloutDeps(settings: Settings, reporter: RolloutReporter, signal: AbortSignal): RolloutDeps {
  const { environment, folder, report } = reporter
  const { inputs } = settings
  const transport = createDefaultTransport({ env: environment })
  const mask = once(reporter.mask)
  const findHelm = (): ReturnType<RolloutDeps['findHelm']> => {
    const { 'helm-version': version, 'helm-mirror': mirror, 'helm-sha256': sha256 } = inputs
    const toolCache = environment.RUNNER_TOOL_CACHE
    return obtainHelm({ version, mirror, sha256, environment, folder: folder.path, toolCache }, signal)
  }
  return {
    folder,
    findHelm,
    cloud: {
      transport,
      environment,
      getIdToken: idTokenSource(environment, transport.send, mask),
      sessionName: sessionName(environment),
    },
    mask,
    report,
    now: Date.now,
    runName: runName(environment),
  }
}

function once(mask: (secret: string) => void): (secret: string) => void {
  const known = new Set<string>()
  return (secret) => {
    if (!known.has(secret)) mask(secret)
    known.add(secret)
  }
}

function runName(env: NodeJS.ProcessEnv): string {
  return env.GITHUB_RUN_ID
    ? `acr-nopass, run ${env.GITHUB_RUN_ID} attempt ${env.GITHUB_RUN_ATTEMPT ?? '1'}`
    : 'acr-nopass'
}

/** Shows up in ActionTrail; STS takes 2 to 64 characters of these. */
function sessionName(env: NodeJS.ProcessEnv): string {
  const name = `acr-nopass-${env.GITHUB_REPOSITORY ?? 'local'}-${env.GITHUB_RUN_ID ?? '0'}`
  return name.replace(/[^\w.@-]/g, '-').slice(-64)
}
