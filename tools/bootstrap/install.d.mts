/** One package of a lockfile, as far as its place matters. */
export interface LockedPackage {
  readonly version?: string
  readonly integrity?: string
  readonly optional?: boolean
  readonly os?: string | readonly string[]
  readonly cpu?: string | readonly string[]
  readonly libc?: string | readonly string[]
}

export function installDependencies(root: string): Promise<void>
export function fits(
  wanted: Readonly<Record<string, LockedPackage>>,
  installed: Readonly<Record<string, LockedPackage>>,
  platform: string,
  arch: string,
): boolean
export function explain(output: string, logFile: string): Error & { readonly fix: string }
