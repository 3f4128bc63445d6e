import type { PodView } from '../../src/helper/pods/pod-view.ts'
import type { PodOwner } from '../../src/kube/types.ts'

export const IMAGE = 'prod.example.com/team/app:1'
export const REPLICASET: PodOwner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', uid: 'uid-rs' }
/** A Pod that was admitted without the reference and cannot pull. */
export const pod = (more: Partial<PodView> = {}): PodView => ({
  namespace: 'shop',
  name: 'web-1',
  uid: 'uid-web-1',
  resourceVersion: '5',
  serviceAccount: 'default',
  owner: REPLICASET,
  pending: true,
  terminating: false,
  optedOut: false,
  mirror: false,
  isWorking: false,
  list: [],
  failing: [IMAGE],
  ...more,
})
