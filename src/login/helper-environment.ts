/**
 * Returns the environment for credential helpers, which are programs of the user: without the
 * runner's own variables, such as access to ID tokens.
 */
export function helperEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/^(ACTIONS|INPUT)_/i.test(name)))
}
