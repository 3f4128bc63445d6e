import { extname } from 'node:path'

const SNIPPET = /<!-- snippet: (\S+) -->\n[\s\S]*?<!-- \/snippet -->/g
const LANGUAGES: Readonly<Record<string, string>> = { '.yml': 'yaml', '.yaml': 'yaml', '.json': 'json', '.ts': 'ts' }

/**
 * Puts the file that a page names between `<!-- snippet: path -->` and `<!-- /snippet -->`, so that what a page shows is
 * what the tests run. Comment lines at the top of the file (editor hints, what the file is) are left out.
 */
export function fillSnippets(page: string, readFile: (path: string) => string): string {
  return page.replace(SNIPPET, (_match, path: string) => {
    const language = LANGUAGES[extname(path)] ?? ''
    const text = readFile(path)
      .replace(/^(#[^\n]*\n)+\n?/, '')
      .trimEnd()
    return `<!-- snippet: ${path} -->\n\`\`\`${language}\n${text}\n\`\`\`\n<!-- /snippet -->`
  })
}
