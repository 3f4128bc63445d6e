// npm run docs: builds the pages as a site, compares each page with GitHub's, and serves them.
import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { installDependencies } from '../tools/bootstrap/install.mjs'
import { createProgress } from '../tools/progress.ts'
import { runProgram } from './check/run-program.ts'
import { buildSite, checkSite, writeEntry } from './site/build-site.ts'
import { serveSite } from './site/serve-site.ts'

const root = resolve(import.meta.dirname, '..')
const USAGE = `npm run docs                    builds the pages of this clone as a site and serves it until Ctrl-C
npm run docs -- --port N        serves it on that port
npm run docs -- --tags          builds the pages of each tag too, each in a folder of its own
npm run docs -- --build-only    writes the site to dist/site, and does not serve it`
/** Where GitHub Pages serves the site. */
const BASE = '/acr-nopass/'

const interrupt = new AbortController()
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => interrupt.abort(name))

async function runDocs(): Promise<void> {
  const options = {
    port: { type: 'string', default: '0' },
    tags: { type: 'boolean', default: false },
    'build-only': { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  } as const
  const { values } = parseArgs({ options })
  if (values.help) return console.log(USAGE)
  const port = Number(values.port)
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Error('--port must be a number from 0 to 65535')
  await installDependencies(join(root, 'site'))
  const progress = createProgress(process.stderr, process.env.CI)
  await progress.step("the types of the site's program", checkTypes)
  const out = join(root, 'dist', 'site')
  rmSync(out, { recursive: true, force: true })
  const versions = [...(values.tags ? listTags() : []), 'main']
  for (const version of versions) {
    const repository = version === 'main' ? root : unpackTag(version)
    const build = { root, repository, out, base: BASE, version, versions }
    await progress.step(`the pages of ${version}`, () => buildSite(build, interrupt.signal))
    await progress.step(`the pages of ${version}, compared with GitHub's`, () => checkSite(build, interrupt.signal))
  }
  writeEntry(out, versions[0] ?? 'main')
  if (values['build-only']) return console.log(out)
  await using site = await serveSite(out, BASE, port)
  console.log(`${site.address} until Ctrl-C`)
  await new Promise((resolve) => interrupt.signal.addEventListener('abort', resolve, { once: true }))
}

/**
 * Checks the types of `site/`. `npm run check` cannot, because the packages of the site are not
 * installed for it.
 */
async function checkTypes(): Promise<void> {
  const tsc = join(root, 'node_modules', '.bin', 'tsc')
  const problems = await runProgram(tsc, ['--noEmit', '-p', join(root, 'site')], root, interrupt.signal)
  if (problems !== '') throw new Error(`the program of the site has wrong types:\n${problems}`)
}

/** The tags of releases, the newest first. */
function listTags(): string[] {
  const tags = git('tag', '--list', 'v*.*.*', '--sort=-v:refname').toString()
  return tags.split('\n').filter((tag) => /^v\d+\.\d+\.\d+$/.test(tag))
}

/** Writes the files of a tag to a folder, whatever this clone has checked out. */
function unpackTag(tag: string): string {
  const folder = join(root, 'site', '.staged', `${tag}.repository`)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  execFileSync('tar', ['-x', '-C', folder], { input: git('archive', tag) })
  return folder
}

function git(...args: string[]): Buffer {
  return execFileSync('git', args, { cwd: root, maxBuffer: 2 ** 30 })
}

try {
  await runDocs()
} catch (error) {
  if (interrupt.signal.aborted) process.exitCode = 130
  else {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
  }
}
