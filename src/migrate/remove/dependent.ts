/** Something that could not pull any more if the old Secrets went now. */
export interface Dependent {
  readonly subject: string
  readonly why: string
  readonly fix: string
  /** What to type, where one line does it. */
  readonly command?: string
}
