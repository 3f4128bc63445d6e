export interface ValidateFlags {
  readonly file?: readonly string[]
  readonly values?: string
  readonly clustersFile?: string
  readonly chart?: string
}
