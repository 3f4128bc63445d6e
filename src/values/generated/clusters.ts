// Generated from schemas/ by scripts/generate-values.ts. Do not edit.

/** The list that the input `clusters`, or the file `clusters-file`, of the action and the CLI holds. */
export type Clusters = ClusterEntry[]

/** One cluster and what is different there. */
export interface ClusterEntry {
  /** Unique in the list. Results, the summary, and the input `cluster` of matrix jobs use it. */
  name: string
  /** Clusters of one wave are rolled out in parallel. A wave starts when all lower waves are done, and does not start after a failure. */
  wave: number
  /** For the workflow: the outputs `matrix` and `waves` contain it, so that a job can use a GitHub environment. */
  environment?: string
  /** The rollout fetches a short-lived kubeconfig when it reaches this cluster. Set either `ack` or `kubeconfig`. */
  ack?: AckCluster
  /** The kubeconfig of the environment is never used. Set either `ack` or `kubeconfig`. */
  kubeconfig?: KubeconfigSource
  /** If missing, the input `namespace` is used. */
  namespace?: string
  /** If missing, the input `release` is used. */
  release?: string
  /** Merged after the input `values-files`. A later file overrides an earlier file. Relative paths start at the folder of the clusters file. */
  valuesFiles: string[]
  /** Merged last. The keys are the same as in a values file. */
  values?: {
    [k: string]: unknown
  }
  /** Names, not ARNs. If missing, Container Service provides the roles of the cluster and of its node pools. */
  workerRoles?: string[]
  /** Checked before the first write. Write it in quotes, because it is a string. */
  account?: string
  /** If missing, the input `role-to-assume` or the job's own credentials are used. */
  deployRole?: string
  /** If set, the job assumes the deploy role with its ID token; otherwise with its credentials. If missing, the input `oidc-provider-arn` is used for clusters of the same account. */
  oidcProviderArn?: string
  /** Checked before the first write. For `ack`, the address and the certificate authority that Container Service reports are checked as well. */
  expect?: ExpectedCluster
  /** If false, a cluster with the password-free add-on of Container Service is refused, because acr-nopass and the add-on write the same ServiceAccounts. */
  coexist: boolean
}
/** Id and region. */
export interface AckCluster {
  /** The ID that the console shows. */
  clusterId: string
  /** ID of an Alibaba Cloud region. */
  region: string
  /** For runners inside the VPC. */
  privateEndpoint: boolean
}
/** From a file or from an environment variable. */
export interface KubeconfigSource {
  /** Path of the kubeconfig. A relative path starts at the folder of the clusters file. */
  file?: string
  /** Name of the variable with the kubeconfig's text, usually from a secret. */
  env?: string
  /** If missing, the current context of the kubeconfig is used. */
  context?: string
}
/** Each that is given must hold. */
export interface ExpectedCluster {
  /** Exactly as in the kubeconfig. */
  server?: string
  /** SHA-256 of the DER form, 64 hex digits. */
  caSha256?: string
  /** It identifies a cluster most reliably. */
  kubeSystemUid?: string
}
