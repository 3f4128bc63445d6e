/** A place in a file that states the version. */
export interface VersionPlace {
  readonly file: string
  /** What it is, for the message. */
  readonly what: string
  /** Matches the number alone. */
  readonly pattern: RegExp
  /** The part of the version that stands there (default: all of it). */
  readonly part?: 'major' | 'prerelease'
}

const ACTION = /(?<=acr-nopass\/acr-nopass@v)\d+/g
const GITOPS = { argocd: /(?<=targetRevision: v)\d[\w.-]*/g, flux: /(?<=ref: \{ tag: v)\d[\w.-]*/g }

/** Every place that is written by hand; the action's bundle is built, see bundle-version.ts. */
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
  { file: 'examples/gitops/argocd.yaml', what: 'targetRevision', pattern: GITOPS.argocd },
  { file: 'examples/gitops/flux.yaml', what: 'tag', pattern: GITOPS.flux },
  ...['docs/en/gitops.md', 'docs/zh/gitops.md'].flatMap((file) => [
    { file, what: 'targetRevision', pattern: GITOPS.argocd },
    { file, what: 'tag', pattern: GITOPS.flux },
  ]),
  ...[
    'README.md',
    'README.zh-CN.md',
    'docs/en/action.md',
    'docs/zh/action.md',
    'docs/en/quick-start-ack.md',
    'docs/zh/quick-start-ack.md',
    'examples/workflows/approved-plan.yml',
    'examples/workflows/environments.yml',
    'examples/workflows/matrix.yml',
    'examples/workflows/pull-request.yml',
    'examples/workflows/rollout.yml',
    'examples/workflows/uninstall.yml',
  ].map((file) => ({ file, what: "the action's moving tag", pattern: ACTION, part: 'major' as const })),
  ...['README.md', 'README.zh-CN.md'].flatMap((file) => [
    { file, what: 'its status', pattern: /(?<=\*\* ?(?:version|版本) )\d+\.\d+\.\d+/g },
    { file, what: 'the package', pattern: /(?<=(?:npx|--global) acr-nopass@)\d+\.\d+\.\d+/g },
  ]),
  ...[
    'README.md',
    'README.zh-CN.md',
    'chart/README.md',
    'chart/README.zh-CN.md',
    'docs/en/gitops.md',
    'docs/zh/gitops.md',
    'docs/en/quick-start-self-built.md',
    'docs/zh/quick-start-self-built.md',
  ].map((file) => ({ file, what: 'the chart', pattern: /(?<=charts\/acr-nopass --version )\d+\.\d+\.\d+/g })),
  ...['docs/en/other-ci.md', 'docs/zh/other-ci.md', 'examples/ci/rollout.sh'].map((file) => ({
    file,
    what: "the package's major version",
    pattern: /(?<=npx --yes acr-nopass@)\d+/g,
    part: 'major' as const,
  })),
]

/** X.Y.Z and nothing else: a release has no suffix. */
export const VERSION_FORM: RegExp = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)$/

/** What stands at a place when the version is `version`. */
export function expectedAt(place: VersionPlace, version: string): string {
  if (place.part === 'prerelease') return String(version.startsWith('0.'))
  return place.part === 'major' ? (version.split('.')[0] ?? '') : version
}

/** Below 0 when `a` is older than `b`. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number))
  const index = [0, 1, 2].find((at) => left?.[at] !== right?.[at])
  return index === undefined ? 0 : (left?.[index] ?? 0) - (right?.[index] ?? 0)
}
