import { readdir, readFile } from 'node:fs/promises'

/**
 * Values files that are passed together to Helm and to acr-nopass. They are bytes, because some are
 * not valid text.
 */
export interface ValuesCase {
  readonly title: string
  readonly files: readonly Buffer[]
}

const FOLDER = new URL('../../contract/fixtures/values-traps/', import.meta.url)

const BASE = `registries:
  - { name: prod, edition: enterprise, instanceId: cri-abc123, region: cn-hangzhou }
identity:
  type: worker-role`

/** Reads the cases that are written by hand, in the order of their files. */
export async function readTraps(): Promise<readonly ValuesCase[]> {
  const names = (await readdir(FOLDER)).filter((name) => name.endsWith('.txt')).toSorted()
  const texts = await Promise.all(
    names.map(async (name) => ({
      theme: name.replace('.txt', ''),
      text: await readFile(new URL(name, FOLDER), 'utf8'),
    })),
  )
  return texts.flatMap(({ theme, text }) => {
    return text
      .split(/^=== /m)
      .slice(1)
      .map((trap): ValuesCase => {
        const [title = '', ...lines] = trap.split('\n')
        const files = lines
          .slice(0, -1)
          .join('\n')
          .split(/^\+{3}$\n?/m)
        return { title: `${theme}: ${title}`, files: files.map(bytesOf) }
      })
  })
}

function bytesOf(source: string): Buffer {
  const text = source === '' || source.endsWith('\n') ? source : `${source}\n`
  const parts = text.replace(/^@base$/gm, BASE).split(/⟦([0-9a-f ]+)⟧/)
  return Buffer.concat(
    parts.map((part, index) => Buffer.from(part.replace(index % 2 ? / /g : '', ''), encoding(index))),
  )
}

function encoding(index: number): 'hex' | 'utf8' {
  return index % 2 === 1 ? 'hex' : 'utf8'
}

const WORDS =
  `yes No ON off y n ~ NULL null Null TRUE False 0 00 01 010 0o10 0x10 0b1 0B1 0X1 1_000 _1 1_ 0_1 +1 -1 +0 -0 1. .1 1.0 1.50
1e3 1E3 1e+3 1e-3 1e1000 .e1 1:2 12:30 12:30:45 1:60 190:20:30.15 2026-11-25 2026-11-25T10:00:00Z 2026-1-1 .inf -.INF +.Inf .nan
.NaN inf nan Infinity NaN = << - ? 9007199254740992 9223372036854775808 0.1 1e21 123456789012345678901234567890 0xFFFFFFFFFFFFFFFFF
0o8 08 0b2 0xg 1e 1e+ --1 +-1 1.2.3 1..2 ٣`.split(/\s+/)

const PLACES = ['adopt: W', 'replicas: W', 'secretName: W', 'secretLabels: { a: W }', 'extraObjects: [W]', 'W: x']

/** Each word with a special meaning in YAML at one of several locations. */
export function wordTraps(): readonly ValuesCase[] {
  return WORDS.map((word, index) => {
    const line = (PLACES[index % PLACES.length] ?? '').replace('W', word)
    return { title: `word: ${line}`, files: [Buffer.from(`${BASE}\n${line}\n`)] }
  })
}

/** Cases that are too large or too deep to be written by hand. */
export function largeTraps(): readonly ValuesCase[] {
  const laughs = ['a: &a [x, x, x, x, x, x, x, x, x]']
  for (const [from, to] of ['ab', 'bc', 'cd', 'de', 'ef', 'fg', 'gh', 'hi'])
    laughs.push(`${to}: &${to} [${Array.from({ length: 9 }, () => `*${from}`).join(', ')}]`)
  const texts: Readonly<Record<string, string>> = {
    'lists in 100 lists': `extraObjects: ${'['.repeat(100)}${']'.repeat(100)}`,
    'lists in 12000 lists': `extraObjects: ${'['.repeat(12000)}${']'.repeat(12000)}`,
    'maps in 100 maps': `affinity: ${'{ a: '.repeat(100)}b${' }'.repeat(100)}`,
    'a text of 200 KB': `podAnnotations: { a: ${'x'.repeat(200_000)} }`,
    'a comment of 200 KB': `# ${'x'.repeat(200_000)}`,
    'a key of 2000 characters': `podLabels:\n  ${'k'.repeat(2000)}: x`,
    'a thousand keys': `podAnnotations:\n${Array.from({ length: 1000 }, (_, at) => `  k${at}: v`).join('\n')}`,
    'a billion laughs': laughs.join('\n'),
    'a number of 5000 digits': `replicas: ${'9'.repeat(5000)}`,
  }
  return Object.entries(texts).map(([title, text]) => {
    return { title: `large: ${title}`, files: [Buffer.from(`${BASE}\n${text}\n`)] }
  })
}
