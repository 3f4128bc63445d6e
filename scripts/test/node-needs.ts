/** What decides whether a real node can run on this machine. */
export interface MachineFacts {
  readonly platform: string
  readonly uid: number
  /** The control groups of the kernel are mounted and may be written. */
  readonly cgroups: boolean
}

/** What is missing for a real node; undefined when it can run. */
export function missingForNode({ platform, uid, cgroups }: MachineFacts): string | undefined {
  if (platform !== 'linux') return `a node needs Linux; this is ${platform}`
  if (uid !== 0) return `a node needs root (containerd mounts and makes namespaces); this user has the id ${uid}`
  if (!cgroups) return 'a node needs writable control groups under /sys/fs/cgroup'
  return undefined
}
