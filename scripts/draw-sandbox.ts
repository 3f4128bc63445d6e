// Draws docs/img/sandbox.svg, the README's picture, from the output of a run:
//   npm run sandbox | node scripts/draw-sandbox.ts
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { drawTerminal } from './draw-sandbox/draw-terminal.ts'
import { pictureLines } from './draw-sandbox/picture-lines.ts'

const svg = drawTerminal(pictureLines(readFileSync(0, 'utf8')))
writeFileSync(join(import.meta.dirname, '..', 'docs', 'img', 'sandbox.svg'), svg)
