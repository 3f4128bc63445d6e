import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A place of the version in a file. */
export interface VersionPlace {
  readonly file: string
  /** A description of the place, for messages. */
  readonly what: string
  /** Matches only the number. */
  readonly pattern: RegExp
  /** The part of the version at this place (default: all of it). */
  readonly part?: 'major' | 'prerelease'
}

const root = join(import.meta.dirname, '../..')
const PAGES = ['README*.md', 'chart/README*.md', 'docs/{en,zh}/*.md', 'examples/**/*.{yaml,yml,sh}']

/** The forms in which pages and examples show the version. Each may occur anywhere in a file. */
const SHOWN: readonly Omit<VersionPlace, 'file'>[] = [
  { what: "the action's moving tag", pattern: /(?<=acr-nopass\/acr-nopass@v)\d+/g, part: 'major' },
  { what: 'the package', pattern: /(?<=(?:npx|--global) acr-nopass@)\d+\.\d+\.\d+/g },
  { what: "the package's major version", pattern: /(?<=npx --yes acr-nopass@)\d+/g, part: 'major' },
  { what: "the command line's image", pattern: /(?<=acr-nopass-cli:)\d+\.\d+\.\d+/g },
  { what: 'a copy', pattern: /(?<=\.aliyuncs\.com\/acr-nopass\/(?:acr-nopass|cli):)\d+\.\d+\.\d+/g },
  { what: 'the chart', pattern: /(?<=charts\/acr-nopass --version )\d+\.\d+\.\d+/g },
  { what: 'targetRevision', pattern: /(?<=chart: acr-nopass\n +targetRevision: )\d[\w.-]*/g },
  { what: 'tag', pattern: /(?<=ref: \{ tag: )\d[\w.-]*/g },
]

function shownPlaces(): VersionPlace[] {
  return globSync(PAGES, { cwd: root }).flatMap((file) => {
    const text = readFileSync(join(root, file), 'utf8')
    return SHOWN.filter(({ pattern }) => text.search(pattern) >= 0).map((shown) => ({ file, ...shown }))
  })
}

/**
 * Every place that is not generated from another place. The action's bundle is built, see
 * bundle-version.ts.
 */
export const VERSION_PLACES: readonly VersionPlace[] = [
  { file: 'package.json', what: 'version', pattern: /(?<=^ {2}"version": ")[^"]*/gm },
  { file: 'package-lock.json', what: 'version', pattern: /(?<="name": "acr-nopass",\n +"version": ")[^"]*/g },
  { file: 'chart/Chart.yaml', what: 'version', pattern: /(?<=^version: ).*/gm },
  { file: 'chart/Chart.yaml', what: 'appVersion', pattern: /(?<=^appVersion: ).*/gm },
  { file: 'chart/Chart.yaml', what: 'annotated image', pattern: /(?<=image: ghcr\.io\/acr-nopass\/acr-nopass:).*/g },
  { file: 'chart/Chart.yaml', what: 'annotated link', pattern: /(?<=\/(?:blob|raw)\/v)[^/]*/g },
  {
    file: 'chart/Chart.yaml',
    what: 'annotated prerelease',
    pattern: /(?<=artifacthub\.io\/prerelease: ")[^"]*/g,
    part: 'prerelease',
  },
  ...shownPlaces(),
]

/** X.Y.Z and nothing else, because a release has no suffix. */
export const VERSION_FORM: RegExp = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)$/

/** Returns the text at a place for the version `version`. */
export function expectedAt(place: VersionPlace, version: string): string {
  if (place.part === 'prerelease') return String(version.startsWith('0.'))
  return place.part === 'major' ? (version.split('.')[0] ?? '') : version
}

/** Negative if `a` is older than `b`. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number))
  const index = [0, 1, 2].find((at) => left?.[at] !== right?.[at])
  return index === undefined ? 0 : (left?.[index] ?? 0) - (right?.[index] ?? 0)
}
