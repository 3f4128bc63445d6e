/** The Node that runs now. */
export interface RunningNode {
  readonly version: string
  readonly path: string
  readonly platform: string
  readonly arch: string
}

export function nodePackage(platform: string, arch: string): string | undefined
export function isNewEnough(version: string): boolean
export function findNode(root: string, running?: RunningNode): string
export function npmCommand(env?: Readonly<Record<string, string | undefined>>): string[]
