/**
 * Returns a copy of `env` and removes the runner's own variables from `env` itself, because child
 * processes inherit `env`. The exec plugins of kubeconfigs need the user's variables
 * (`ALIBABA_CLOUD_*`), but not the job's ID token and the inputs.
 */
export function takeEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const own = { ...env }
  for (const name of Object.keys(env)) if (/^(ACTIONS|INPUT)_/i.test(name)) delete env[name]
  return own
}
