import type { ConfigFile } from './merge-providers.ts'
import type { ProviderPaths } from './profiles.ts'

/** What the plan needs to know about a node. All paths are as the kubelet sees them. */
export interface ObservedNode {
  /** A path with its text, one character for each byte: other lines may have any encoding. */
  readonly flagFile: ConfigFile | undefined
  /** The unit of the kubelet, its drop-ins, and the files of variables that they name. */
  readonly units: readonly ConfigFile[]
  /** The command line of the running kubelet. Undefined if none runs on this node. */
  readonly commandLine: readonly string[] | undefined
  /** For k3s and RKE2: files in which a user may have chosen another folder. */
  readonly settings: readonly ConfigFile[]
  /** The host has RPM packages and no Debian packages. */
  readonly isRpm: boolean
}

/** What the plan asks about a path. */
export interface NodeFiles {
  /** The files of a configuration, which may be a folder. Undefined if the path does not exist. */
  readConfig(path: string): readonly ConfigFile[] | undefined
  /** Returns the text. Undefined if the path does not exist. `latin1`: one character per byte. */
  readText(path: string, encoding?: 'utf8' | 'latin1'): string | undefined
  /** The target of a symbolic link. Undefined for any other path. */
  readLink(path: string): string | undefined
  isExecutable(path: string): boolean
  /** Follows symbolic links. The path to which they lead need not exist. */
  realPath(path: string): string
}

/** One change. The steps are done in their order, and undone in reverse. */
export type Step =
  /** Writes a file as a whole. */
  | { readonly kind: 'file'; readonly path: string; readonly text: string; readonly mode: '644' | '755' }
  /** Copies a program out of the archive. */
  | { readonly kind: 'program'; readonly path: string; readonly from: string; readonly mode: '644' | '755' }
  | { readonly kind: 'link'; readonly path: string; readonly target: string }
  /** Checks the SELinux labels, before the kubelet's flags name the programs. */
  | { readonly kind: 'label' }
  /** Writes the file of the kubelet's flags, one byte per character. Its owner and mode stay. */
  | { readonly kind: 'flags'; readonly path: string; readonly text: string }
  | { readonly kind: 'delete'; readonly path: string }

export interface NodePlan {
  readonly steps: readonly Step[]
  /** The kubelet reads what changed only when it starts. */
  readonly restart: boolean
  /** The paths that the kubelet's command line must end up with. Undefined if it shows none. */
  readonly expected: ProviderPaths | undefined
  /** Names of flags that the command line must still have. */
  readonly kept: readonly string[]
  readonly notes: readonly string[]
}
