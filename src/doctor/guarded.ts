/**
 * The resources whose writes by the helper a policy of the guard limits: the last part of the
 * policy's name.
 */
export const GUARDED: readonly string[] = ['secrets', 'serviceaccounts', 'events', 'leases', 'configmaps']
