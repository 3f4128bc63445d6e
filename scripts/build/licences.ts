import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Metafile } from 'esbuild'

/** Collects the licences of every package in a bundle, by name. The licences require this. */
export async function collectLicences(root: string, { inputs }: Metafile): Promise<string> {
  const folders = new Set(Object.keys(inputs).flatMap((file) => packageFolder(file) ?? []))
  const sections = await Promise.all([...folders].sort().map((folder) => describePackage(join(root, folder))))
  const head = 'This bundle holds code of the packages below, each under its own licence.'
  return `${[head, ...sections].join(`\n\n${'-'.repeat(100)}\n`)}\n`
}

function packageFolder(file: string): string | undefined {
  return /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1]
}

async function describePackage(folder: string): Promise<string> {
  const { name, version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))
  const file = (await readdir(folder)).sort().find((entry) => /^licen[cs]e/i.test(entry))
  const text =
    file === undefined ? '' : `\n\n${(await readFile(join(folder, file), 'utf8')).replaceAll('\r\n', '\n').trim()}`
  return `${name} ${version} (${typeof license === 'string' ? license : 'see its package'})${text}`
}
