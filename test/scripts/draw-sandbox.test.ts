import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { STEPS } from '../../sandbox/demo/steps.ts'
import { drawTerminal } from '../../scripts/draw-sandbox/draw-terminal.ts'
import { pictureLines } from '../../scripts/draw-sandbox/picture-lines.ts'

const OUTPUT = `… 1/2 one · waiting
✔ 1/2 one · ${'result '.repeat(20)}end · 1.0 s
$ acr-nopass doctor
error RAM_DENIED registry demo
  cause: <role> & more

1 error, 0 warnings
✔ 2/2 two · done · 2.0 s
Shown
`

test('the picture shows the finished steps, wrapped, and the report of doctor', () => {
  const result = 'result '.repeat(20)
  assert.deepEqual(pictureLines(OUTPUT), [
    '$ npm run sandbox',
    '✔ 1/2 one · 1.0 s',
    `  ${result.slice(0, 97)}`,
    `  ${result.slice(98)}end`,
    '✔ 2/2 two · 2.0 s',
    '  done',
    '',
    '$ acr-nopass doctor',
    'error RAM_DENIED registry demo',
    '  cause: <role> & more',
    '',
    '1 error, 0 warnings',
  ])
})

test('there is no picture of a run that ended early', () => {
  assert.throws(() => pictureLines(OUTPUT.replace('✔ 2/2', '✖ 2/2')), /1 of 2 finished steps/)
  assert.throws(() => pictureLines(OUTPUT.replace('$ acr', '$ other')), /no report of doctor/)
})

test('text in the picture is text, whatever it contains', () => {
  const svg = drawTerminal(['<script>&\u001b[31m', 'error b'])
  assert.match(svg, /fill="#c9d1d9">&lt;script&gt;&amp;\[31m<\/text>/)
  assert.match(svg, /fill="#ff7b72">error\u00a0b<\/text>/)
})

test('the committed picture shows the steps that the sandbox has today', () => {
  const svg = readFileSync(new URL('../../docs/img/sandbox.svg', import.meta.url), 'utf8')
  const rows = [...svg.matchAll(/<text [^>]*>(.*)<\/text>/g)].map(([, text = '']) => text.replaceAll('\u00a0', ' '))
  const begins = STEPS.map(({ title }, index) => `✔ ${index + 1}/${STEPS.length} ${title} · `)
  assert.deepEqual(
    begins.filter((begin) => !rows.some((row) => row.startsWith(begin))),
    [],
    'run `npm run sandbox | node scripts/draw-sandbox.ts`',
  )
})
