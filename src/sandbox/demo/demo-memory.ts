/** What later steps need to know of earlier ones. */
export interface DemoMemory {
  /** The user's repository, in which the workflow runs. */
  workspace: string | undefined
  /** Milliseconds from a namespace's creation until its Secret was there, until its Pod ran. */
  secretMs: number | undefined
  podMs: number | undefined
}
