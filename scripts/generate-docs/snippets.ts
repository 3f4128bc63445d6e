import { extname } from 'node:path'
import { VERSION } from '../../src/version.ts'

const SNIPPET = /<!-- snippet: (\S+) -->\n[\s\S]*?<!-- \/snippet -->/g
const LANGUAGES: Readonly<Record<string, string>> = {
  '.yml': 'yaml',
  '.yaml': 'yaml',
  '.json': 'json',
  '.ts': 'ts',
  '.mjs': 'js',
  '.sh': 'sh',
  '.txt': 'text',
}

/**
 * Writes the file that a page names between `<!-- snippet: path -->` and `<!-- /snippet -->`. A
 * page therefore shows exactly what the tests run. Comment lines at the top of the file (editor
 * hints, its description) are omitted. A part of a page (`.md`) is included unchanged.
 */
export function fillSnippets(page: string, readFile: (path: string) => string): string {
  return page.replace(SNIPPET, (_match, path: string) => {
    if (path.endsWith('.md')) return `<!-- snippet: ${path} -->\n${readFile(path).trimEnd()}\n<!-- /snippet -->`
    const language = LANGUAGES[extname(path)] ?? ''
    const text = asReaders(readFile(path))
      .replace(/^(#[^\n]*\n)+\n?/, '')
      .trimEnd()
    return `<!-- snippet: ${path} -->\n\`\`\`${language}\n${text}\n\`\`\`\n<!-- /snippet -->`
  })
}

/**
 * Changes a file for readers. In this repository, where the tests run it, the action is `./`, the
 * chart is `./chart`, and an input contains the address of the emulated cloud. Nothing else in a
 * file is changed.
 */
function asReaders(text: string): string {
  const [major] = VERSION.split('.')
  return text
    .replaceAll(/^( *-? *uses: )\.\/( #.*)?$/gm, `$1acr-nopass/acr-nopass@v${major}`)
    .replaceAll(/^(helm .* )\.\/chart /gm, `$1oci://ghcr.io/acr-nopass/charts/acr-nopass --version ${VERSION} `)
    .replaceAll(/^ *endpoints: \$\{\{ vars\.ALIBABA_CLOUD_ENDPOINTS \}\}.*\n?/gm, '')
}
