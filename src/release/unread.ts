/** Something that the caller has no right to read, so that nothing can be said about it. */
export interface Unread {
  /** As a sentence begins: `Pods of all namespaces`. */
  readonly what: string
  readonly why: string
}
