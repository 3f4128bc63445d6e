import { spawn } from 'node:child_process'
import { cpSync, globSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { stagedPath } from './site-paths.ts'

interface SiteOptions {
  /** This clone, which has the site's program. */
  readonly root: string
  /** The files of the version: this clone, or one of a tag. */
  readonly repository: string
  /** The folder of all versions. */
  readonly out: string
  /** The path of the site on its server, such as `/acr-nopass/`. */
  readonly base: string
  /** A tag, or `main`. */
  readonly version: string
  /** All versions of the menu, the newest first. */
  readonly versions: readonly string[]
  /** Which files of the repository become pages (default: all that the site has). */
  readonly isPage?: (file: string) => boolean
}

/** Builds the pages of one version into the folder of that name. */
export async function buildSite(options: SiteOptions, signal: AbortSignal): Promise<void> {
  const { root, repository, out, base, version, versions } = options
  const source = stagingFolder(options)
  rmSync(source, { recursive: true, force: true })
  stagePages(repository, source, options.isPage)
  copyMermaid(root, source)
  const build = {
    source,
    repository,
    out: join(out, version),
    base: `${base}${version}/`,
    version,
    versions,
    partial: options.isPage !== undefined,
  }
  const program = join(root, 'site', 'node_modules', 'vitepress', 'bin', 'vitepress.js')
  const env = { ...process.env, ACR_NOPASS_SITE: JSON.stringify(build) }
  const { code, log } = await runNode([program, 'build', join(root, 'site')], env, signal)
  if (code !== 0) throw new Error(`VitePress cannot build the pages of ${version}:\n${log}`)
}

/** Compares each built page with the page that GitHub shows. */
export async function checkSite(options: SiteOptions, signal: AbortSignal): Promise<void> {
  const { root, out, base, version } = options
  const args = [join(root, 'site', 'check-pages.ts'), stagingFolder(options), join(out, version), base, version]
  const { code, log } = await runNode(args, process.env, signal)
  if (code !== 0) throw new Error(`the site shows other pages than GitHub:\n${log}`)
}

function stagingFolder({ root, version }: SiteOptions): string {
  return join(root, 'site', '.staged', version)
}

async function runNode(args: readonly string[], env: NodeJS.ProcessEnv, signal: AbortSignal) {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], env, signal })
  const log: string[] = []
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => log.push(String(chunk)))
  const code = await new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve))
  return { code, log: log.join('') }
}

/** Copies the pages and pictures of a version to their places in the site. */
function stagePages(repository: string, source: string, isPage: (file: string) => boolean = () => true): void {
  for (const file of globSync(['*.md', 'docs/{en,zh}/*.md', 'docs/img/*'], { cwd: repository })) {
    const staged = stagedPath(file)
    if (staged === undefined || !isPage(file)) continue
    mkdirSync(dirname(join(source, staged)), { recursive: true })
    cpSync(join(repository, file), join(source, staged))
  }
}

/** Copies the program that draws diagrams, which the browser loads on pages with a diagram. */
function copyMermaid(root: string, source: string): void {
  const dist = join(root, 'site', 'node_modules', 'mermaid', 'dist')
  const target = join(source, 'public', 'mermaid')
  cpSync(join(dist, 'mermaid.esm.min.mjs'), join(target, 'mermaid.esm.min.mjs'))
  cpSync(join(dist, 'chunks', 'mermaid.esm.min'), join(target, 'chunks', 'mermaid.esm.min'), {
    recursive: true,
    filter: (path) => !path.endsWith('.map'),
  })
}

/** Writes the page at the root, which opens the newest version in the language of the browser. */
export function writeEntry(out: string, newest: string): void {
  const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>acr-nopass</title>
<script>location.replace((/^zh/i.test(navigator.language) ? '${newest}/zh/' : '${newest}/en/') + location.hash)</script>
<p><a href="${newest}/en/">English</a> · <a href="${newest}/zh/">简体中文</a></p>
`
  mkdirSync(out, { recursive: true })
  writeFileSync(join(out, 'index.html'), page)
  // GitHub Pages would otherwise leave out files that begin with an underscore.
  writeFileSync(join(out, '.nojekyll'), '')
}
