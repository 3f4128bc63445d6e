/** The files whose commands work from a clone until the first release. */
export const CLONE_FILES = ['README.md', 'README.zh-CN.md', 'examples/readme/workflow.yml'] as const

/** A command from a clone, and the command that takes its place with the first release. */
interface PublishedLine {
  readonly clone: string
  readonly published: (version: string) => string
}

const LINES: readonly PublishedLine[] = [
  {
    clone: 'npm ci && export PATH="$PWD/bin:$PATH"',
    published: (version) => `npm install --global acr-nopass@${version}`,
  },
  {
    clone: 'helm upgrade --install acr-nopass ./chart',
    published: (version) =>
      `helm upgrade --install acr-nopass oci://ghcr.io/acr-nopass/charts/acr-nopass --version ${version}`,
  },
  {
    clone: 'uses: your-org/acr-nopass@SHA # your copy, by commit',
    published: (version) => `uses: acr-nopass/acr-nopass@v${version.split('.')[0]}`,
  },
]

/** Text that the first release makes wrong. */
const UNTIL_PUBLISHED = /<!-- until published -->\n[\s\S]*?<!-- \/until published -->\n\n?/g

/** Returns a page with the commands of a release. A page that has them already is unchanged. */
export function toPublished(text: string, version: string): string {
  const lines = LINES.reduce((page, { clone, published }) => page.replaceAll(clone, published(version)), text)
  return lines.replaceAll(UNTIL_PUBLISHED, '')
}

/** Returns the parts of a page that only work from a clone. */
export function cloneParts(text: string): readonly string[] {
  const parts = LINES.map(({ clone }) => clone).filter((clone) => text.includes(clone))
  return [...parts, ...(text.match(UNTIL_PUBLISHED) ? ['<!-- until published -->'] : [])]
}
