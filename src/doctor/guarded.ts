/**
 * The resources whose writes the guard limits, with one policy each. The policy's name ends with
 * the resource.
 */
export const GUARDED: readonly string[] = ['secrets', 'serviceaccounts', 'events', 'leases', 'configmaps']
