import { platform } from 'node:os'
import { join } from 'node:path'

/**
 * What would silently point helm at another cluster, namespace or user, give it plugins, or have it write elsewhere; and what the
 * runner gives to an action alone, which exec plugins of a kubeconfig would see. Where the user has helm keep its records
 * (HELM_DRIVER) stays.
 */
const AMBIENT = /^(HELM_(?!DRIVER$|DRIVER_SQL_CONNECTION_STRING$).*|KUBECONFIG|(ACTIONS|INPUT)_.*)$/i

/**
 * The environment of every helm child: nothing ambient that names a cluster, and homes of its own, so that parallel
 * runs on one machine share no cache and no repository list.
 * @param home a private folder that outlives the child
 */
export function helmEnvironment(parent: NodeJS.ProcessEnv, home: string): Record<string, string> {
  const own: Record<string, string> = {}
  for (const [name, value] of Object.entries(parent)) {
    if (value !== undefined && !AMBIENT.test(name)) own[name] = value
  }
  // The registry login stays the user's: a private chart needs it.
  const registry = parent.HELM_REGISTRY_CONFIG ?? defaultRegistryConfig(parent)
  return {
    ...own,
    ...(registry === undefined ? {} : { HELM_REGISTRY_CONFIG: registry }),
    // Else it is ~/.kube/cache, and without HOME a folder wherever we work.
    KUBECACHEDIR: join(home, 'kube'),
    HELM_CACHE_HOME: join(home, 'cache'),
    HELM_CONFIG_HOME: join(home, 'config'),
    HELM_DATA_HOME: join(home, 'data'),
    // A plugin runs for every call, or for the address of a chart; nothing here needs one.
    HELM_PLUGINS: join(home, 'plugins'),
    HELM_NO_PLUGINS: '1',
    HELM_REPOSITORY_CACHE: join(home, 'cache', 'repository'),
    HELM_REPOSITORY_CONFIG: join(home, 'config', 'repositories.yaml'),
    HELM_CONTENT_CACHE: join(home, 'cache', 'content'),
  }
}

function defaultRegistryConfig(parent: NodeJS.ProcessEnv): string | undefined {
  const config = parent.HELM_CONFIG_HOME ?? defaultConfigHome(parent)
  return config === undefined ? undefined : join(config, 'registry', 'config.json')
}

/** As helm finds it (helm: pkg/helmpath): XDG_CONFIG_HOME first, then the place of the system. */
function defaultConfigHome({ XDG_CONFIG_HOME: xdg, HOME: home }: NodeJS.ProcessEnv): string | undefined {
  if (xdg) return join(xdg, 'helm')
  if (!home) return undefined
  return platform() === 'darwin' ? join(home, 'Library', 'Preferences', 'helm') : join(home, '.config', 'helm')
}
