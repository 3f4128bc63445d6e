import type { AnyObject } from '../../../src/migrate/remove/legacy-facts.ts'
import { object } from './import-fixture.ts'

const HELPER = { kind: 'ServiceAccount', name: 'aliyun-acr-credential-helper', namespace: 'kube-system' }

export function account(namespace: string, name: string, ...secrets: string[]): AnyObject {
  return object('ServiceAccount', namespace, name, { imagePullSecrets: secrets.map((secret) => ({ name: secret })) })
}

export function pod(namespace: string, name: string, image: string, ...secrets: string[]): AnyObject {
  const imagePullSecrets = secrets.map((secret) => ({ name: secret }))
  return object('Pod', namespace, name, { spec: { containers: [{ image }], imagePullSecrets } })
}

export function deployment(namespace: string, name: string, image: string, ...secrets: string[]): AnyObject {
  const { spec } = pod(namespace, name, image, ...secrets)
  const selector = { matchLabels: { app: name } }
  return object('Deployment', namespace, name, {
    spec: { selector, template: { metadata: { labels: { app: name } }, spec } },
  })
}

export const A = 'aliyun-acr-credential-a'
export const B = 'aliyun-acr-credential-b'
export const AGGREGATION = 'acr-credential-secret-aggregation'

/**
 * The objects that the document of 2018-10 creates, in the form that a cluster has after its helper
 * ran.
 */
export function recipe2018(): readonly AnyObject[] {
  return [
    object('ServiceAccount', 'kube-system', HELPER.name),
    object('ClusterRoleBinding', undefined, 'aliyun-acr-credential-helper-rolebinding', {
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [HELPER],
    }),
    object('Secret', 'default', A),
    object('Secret', 'default', B),
    deployment('kube-system', HELPER.name, 'registry.cn-shanghai.aliyuncs.com/acs/aliyun-acr-credential-helper:v18'),
    account('default', 'default', A, B),
  ]
}
