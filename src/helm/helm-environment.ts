import { platform } from 'node:os'
import { join } from 'node:path'

/**
 * Variables that would silently change helm's cluster, namespace, user, plugins or output folders,
 * and secrets of the runner that exec plugins of a kubeconfig would see. HELM_DRIVER, the storage
 * of the user's releases, stays.
 */
const AMBIENT = /^(HELM_(?!DRIVER$|DRIVER_SQL_CONNECTION_STRING$).*|KUBECONFIG|(ACTIONS|INPUT)_.*)$/i

/**
 * The environment of every helm child: without variables that select a cluster, and with its own
 * home folders, so that parallel runs on one machine share neither caches nor repository lists.
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
    // The default is ~/.kube/cache, and without HOME a folder in the working directory.
    KUBECACHEDIR: join(home, 'kube'),
    HELM_CACHE_HOME: join(home, 'cache'),
    HELM_CONFIG_HOME: join(home, 'config'),
    HELM_DATA_HOME: join(home, 'data'),
    // Plugins may run for every call or for a chart's address; none is needed.
    HELM_PLUGINS: join(home, 'plugins'),
    HELM_NO_PLUGINS: '1',
    HELM_REPOSITORY_CACHE: join(home, 'cache', 'repository'),
    HELM_REPOSITORY_CONFIG: join(home, 'config', 'repositories.yaml'),
    HELM_CONTENT_CACHE: join(home, 'cache', 'content'),
  }
}

/**
 * As helm finds it (helm: pkg/helmpath): HELM_CONFIG_HOME, XDG_CONFIG_HOME, then the system's
 * default.
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
