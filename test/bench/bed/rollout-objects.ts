const RBAC = 'rbac.authorization.k8s.io/v1'
const GROUPS = [
  '',
  'rbac.authorization.k8s.io',
  'admissionregistration.k8s.io',
  'coordination.k8s.io',
  'policy',
  'networking.k8s.io',
]

/** A namespace and its deployer: everything that the chart needs, but Deployments in this one namespace only. */
export function fleetRights(namespace: string): readonly { readonly path: string; readonly body: object }[] {
  const user = { kind: 'User', name: `deployer-${namespace}`, apiGroup: 'rbac.authorization.k8s.io' }
  const group = { kind: 'Group', name: 'deployers', apiGroup: 'rbac.authorization.k8s.io' }
  const all = (groups: readonly string[]): object => ({ apiGroups: groups, resources: ['*'], verbs: ['*'] })
  const bind = (kind: string, name: string): object => ({ kind, name, apiGroup: 'rbac.authorization.k8s.io' })
  const inside = `/apis/${RBAC}/namespaces/${namespace}`
  return [
    {
      path: '/api/v1/namespaces',
      body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    },
    {
      path: `/apis/${RBAC}/clusterroles`,
      body: { apiVersion: RBAC, kind: 'ClusterRole', metadata: { name: 'deployers' }, rules: [all(GROUPS)] },
    },
    {
      path: `/apis/${RBAC}/clusterrolebindings`,
      body: {
        apiVersion: RBAC,
        kind: 'ClusterRoleBinding',
        metadata: { name: 'deployers' },
        subjects: [group],
        roleRef: bind('ClusterRole', 'deployers'),
      },
    },
    {
      path: `${inside}/roles`,
      body: { apiVersion: RBAC, kind: 'Role', metadata: { name: 'deployer', namespace }, rules: [all(['apps'])] },
    },
    {
      path: `${inside}/rolebindings`,
      body: {
        apiVersion: RBAC,
        kind: 'RoleBinding',
        metadata: { name: 'deployer', namespace },
        subjects: [user],
        roleRef: bind('Role', 'deployer'),
      },
    },
  ]
}
