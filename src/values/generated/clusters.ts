// Generated from schemas/ by scripts/generate-values.ts. Do not edit.

/** The list that the input `clusters`, or the file `clusters-file`, of the action and the CLI holds. */
export type Clusters = ClusterEntry[]

/** One cluster and what is different there. */
export interface ClusterEntry {
  /** Unique in the list; stands in results, in the summary, and in the input `cluster` of matrix jobs. */
  name: string
  /** Clusters of one wave are rolled out side by side; a wave starts when all lower ones are done, and not after a failure. */
  wave: number
  /** For the workflow: the outputs `matrix` and `waves` carry it, so that a job can name a GitHub environment. */
  environment?: string
  /** Its kubeconfig is fetched for the time of the rollout when its turn comes. Exactly one of `ack` and `kubeconfig`. */
  ack?: AckCluster
  /** The ambient kubeconfig is never used. Exactly one of `ack` and `kubeconfig`. */
  kubeconfig?: KubeconfigSource
  /** Missing: the input `namespace`. */
  namespace?: string
  /** Missing: the input `release`. */
  release?: string
  /** After the input `values-files`; a later file wins. A relative path starts at the folder of the clusters file. */
  valuesFiles: string[]
  /** Merged last; the same keys as in a values file. */
  values?: {
    [k: string]: unknown
  }
  /** Names, not ARNs. Missing: found through Container Service (the cluster's role and those of its node pools). */
  workerRoles?: string[]
  /** Checked before the first write; keep it in quotes, because it is a string. */
  account?: string
  /** Missing: the input `role-to-assume`, or the credentials of the job. */
  deployRole?: string
  /** With it the deploy role is assumed by the job's own ID token; without it by the job's credentials. Missing: the input `oidc-provider-arn`, when the account is the same. */
  oidcProviderArn?: string
  /** Checked before the first write. For `ack` the address and the authority from Container Service are checked as well. */
  expect?: ExpectedCluster
  /** Without it a cluster with the password-free add-on of Container Service is refused, because both write the same ServiceAccounts. */
  coexist: boolean
}
/** Id and region. */
export interface AckCluster {
  /** As the console shows it. */
  clusterId: string
  /** An id of a region of Alibaba Cloud. */
  region: string
  /** For runners inside the VPC. */
  privateEndpoint: boolean
}
/** From a file or from an environment variable. */
export interface KubeconfigSource {
  /** Path of the kubeconfig; a relative one starts at the folder of the clusters file. */
  file?: string
  /** Name of the variable that holds the kubeconfig's text, usually from a secret. */
  env?: string
  /** Missing: the current context of that kubeconfig. */
  context?: string
}
/** Each that is given must hold. */
export interface ExpectedCluster {
  /** Exactly as in the kubeconfig. */
  server?: string
  /** SHA-256 of the DER form, 64 hex digits. */
  caSha256?: string
  /** The most certain mark of a cluster. */
  kubeSystemUid?: string
}
