/** One package of a lockfile, reduced to the fields that decide whether it is installed. */
export interface LockedPackage {
  readonly version?: string
  readonly integrity?: string
  readonly optional?: boolean
  readonly os?: string | readonly string[]
  readonly cpu?: string | readonly string[]
  readonly libc?: string | readonly string[]
}

export function installDependencies(root: string): Promise<void>
export function matchesLockfile(
  wanted: Readonly<Record<string, LockedPackage>>,
  installed: Readonly<Record<string, LockedPackage>>,
  platform: string,
  arch: string,
): boolean
export function explainFailure(output: string, logFile: string): Error & { readonly fix: string }
