import { platform } from 'node:os'
import { join } from 'node:path'

/**
 * Variables that helm must not inherit. Some would silently change helm's cluster, namespace, user,
 * plugins or output folders. Others are secrets of the runner that exec plugins of a kubeconfig
 * would see. HELM_DRIVER stays, because it selects the storage of the user's releases.
 */
const AMBIENT = /^(HELM_(?!DRIVER$|DRIVER_SQL_CONNECTION_STRING$).*|KUBECONFIG|(ACTIONS|INPUT)_.*)$/i

/**
 * Returns the environment of every helm child. It has no variables that select a cluster. It has
 * its own home folders, so that parallel runs on one machine share neither caches nor repository
 * lists.
 * @param home a private folder that outlives the child
 */
export function helmEnvironment(parent: NodeJS.ProcessEnv, home: string): Record<string, string> {
  const own: Record<string, string> = {}
  for (const [name, value] of Object.entries(parent)) {
    if (value !== undefined && !AMBIENT.test(name)) own[name] = value
  }
  // The user's registry login stays, because a private chart needs it.
  const registry = parent.HELM_REGISTRY_CONFIG ?? defaultRegistryConfig(parent)
  return {
    ...own,
    ...(registry === undefined ? {} : { HELM_REGISTRY_CONFIG: registry }),
    // The default is ~/.kube/cache. Without HOME, the default is a folder in the working directory.
    KUBECACHEDIR: join(home, 'kube'),
    HELM_CACHE_HOME: join(home, 'cache'),
    HELM_CONFIG_HOME: join(home, 'config'),
    HELM_DATA_HOME: join(home, 'data'),
    // Plugins may run for every call or for a chart's address. acr-nopass needs none.
    HELM_PLUGINS: join(home, 'plugins'),
    HELM_NO_PLUGINS: '1',
    HELM_REPOSITORY_CACHE: join(home, 'cache', 'repository'),
    HELM_REPOSITORY_CONFIG: join(home, 'config', 'repositories.yaml'),
    HELM_CONTENT_CACHE: join(home, 'cache', 'content'),
  }
}

/**
 * Finds helm's registry login as helm does (helm: pkg/helmpath): in HELM_CONFIG_HOME,
 * XDG_CONFIG_HOME, then the system's default.
 */
function defaultRegistryConfig({
  HELM_CONFIG_HOME,
  XDG_CONFIG_HOME: xdg,
  HOME,
}: NodeJS.ProcessEnv): string | undefined {
  const system = platform() === 'darwin' ? ['Library', 'Preferences'] : ['.config']
  const inHome = HOME && join(HOME, ...system, 'helm')
  const config = HELM_CONFIG_HOME ?? (xdg ? join(xdg, 'helm') : inHome)
  return config ? join(config, 'registry', 'config.json') : undefined
}
