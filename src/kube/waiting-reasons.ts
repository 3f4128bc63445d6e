/** What the reason of a waiting container means for its image. */
export type ReasonMeaning =
  /** The image cannot be pulled. */
  | 'cannot'
  /** The node has the image, and something else fails. */
  | 'present'
  /** Nothing was pulled yet. The Pod's volumes, its sandbox or an earlier container come first. */
  | 'before'

/**
 * All reasons that the kubelet, containerd and CRI-O give to a waiting container. The kubelet pulls
 * before it creates a container (pkg/kubelet/kuberuntime/kuberuntime_container.go, startContainer),
 * so each later failure shows that the image is present. test/contract/waiting-reasons.test.ts
 * compares the list with their sources.
 */
const WAITING_REASONS: ReadonlyMap<string, ReasonMeaning> = new Map<string, ReasonMeaning>([
  // pkg/kubelet/images/types.go
  ['ImagePullBackOff', 'cannot'],
  ['ErrImagePull', 'cannot'],
  ['ImageInspectError', 'cannot'],
  ['ErrImageNeverPull', 'cannot'],
  ['InvalidImageName', 'cannot'],
  // k8s.io/cri-api/pkg/errors. CRI-O sets all of them, containerd the last two. Kubelets before
  // 1.26 set the first one themselves.
  ['RegistryUnavailable', 'cannot'],
  ['SignatureValidationFailed', 'cannot'],
  ['ImageVolumeMountFailed', 'present'],
  ['RROUnsupported', 'present'],
  // pkg/kubelet/kuberuntime/kuberuntime_container.go
  ['CreateContainerConfigError', 'present'],
  ['PreCreateHookError', 'present'],
  ['CreateContainerError', 'present'],
  ['PreStartHookError', 'present'],
  ['PostStartHookError', 'present'],
  // pkg/kubelet/container/sync_result.go
  ['CrashLoopBackOff', 'present'],
  ['RunContainerError', 'present'],
  ['KillContainerError', 'present'],
  ['RemoveContainerError', 'present'],
  ['ResizePodInPlaceError', 'present'],
  ['CreatePodSandboxError', 'before'],
  ['ConfigPodSandboxError', 'before'],
  ['KillPodSandboxError', 'before'],
  // pkg/kubelet/kubelet_pods.go
  ['ContainerCreating', 'before'],
  ['PodInitializing', 'before'],
  ['RestartingAllContainers', 'present'],
])

/** Returns undefined for a reason that none of these programs has. */
export function meaningOf(reason: string): ReasonMeaning | undefined {
  return WAITING_REASONS.get(reason)
}
