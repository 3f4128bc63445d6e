/**
 * The environment of this process. What the runner gives to an action alone is taken out of it: children inherit it, the exec
 * plugins of kubeconfigs among them, which need the user's own variables (`ALIBABA_CLOUD_*`), and neither the right to the job's ID
 * token nor our inputs.
 */
export function takeEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const own = { ...env }
  for (const name of Object.keys(env)) if (isOfRunner(name)) delete env[name]
  return own
}

/** Whether a variable is for this step only. */
function isOfRunner(name: string): boolean {
  return /^(ACTIONS|INPUT)_/i.test(name)
}
