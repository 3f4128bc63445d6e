/** A container of a Pod as the API server answers it, as far as its image is concerned. */
export interface ContainerView {
  readonly imageID: string
  readonly state?: {
    readonly waiting?: { readonly reason?: string; readonly message?: string }
    readonly running?: object
    readonly terminated?: object
  }
}

/**
 * What a node makes of an image. `failing`: it tries again, as a credential may be new; `lost`: no further try can end otherwise.
 */
export interface PullVerdict {
  readonly state: 'waiting' | 'pulled' | 'failing' | 'lost'
  /** The node's own words for the last pull that failed. */
  readonly words: string | undefined
}

/** A kubelet makes a container when its image is there, so these come after the pull. */
const AFTER_PULL = new Set([
  'CreateContainerConfigError',
  'CreateContainerError',
  'RunContainerError',
  'CrashLoopBackOff',
])

/** Reads a container's state as a kubelet writes it. */
export function judgePull(container: ContainerView | undefined): PullVerdict {
  const { reason = '', message } = container?.state?.waiting ?? {}
  if (container && (container.imageID !== '' || container.state?.running || AFTER_PULL.has(reason)))
    return { state: 'pulled', words: undefined }
  if (!/^(ErrImage|Image|InvalidImage)/.test(reason)) return { state: 'waiting', words: undefined }
  // The registry took the credential and has no such image: containerd ends its words so for a 404 alone.
  const isLost = reason === 'InvalidImageName' || /: not found"?$/.test(message ?? '')
  return { state: isLost ? 'lost' : 'failing', words: message === undefined ? reason : `${reason}: ${message}` }
}
