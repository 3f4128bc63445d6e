/** Codes of ACR instances and their credentials. */
export const REGISTRY_CODES = {
  REGISTRY_NOT_FOUND: {
    what: 'No ACR instance has this name.',
    fix: 'Check instanceName and region, or give instanceId.',
  },
  REGISTRY_NO_DOMAIN: {
    what: 'The registry has no domain on the chosen network.',
    fix: 'Open that endpoint of the instance, or set network: all.',
  },
  REGISTRY_LOGIN_REFUSED: {
    what: 'The registry itself refuses a credential that the cloud issued or that a Secret contains.',
    fix: 'Check that the registry and its account are the right ones; the last good credential stays in use as long as it lives, then the refused one is used.',
  },
  DOCKER_CONFIG_INVALID: {
    what: 'The content of a pull secret is not what the helper writes.',
    fix: 'Nothing to do: the helper replaces its own Secret, and leaves others alone.',
  },
} as const
