/** A line of points of a plot. */
export interface Series {
  readonly name: string
  readonly colour: string
  readonly points: readonly (readonly [x: number, y: number])[]
  /** Default: each point is marked. */
  readonly dots?: boolean
}

export interface PlotOptions {
  readonly title: string
  readonly x: string
  readonly y: string
  readonly series: readonly Series[]
}

const WIDTH = 640
const HEIGHT = 360
const BOX = { left: 70, right: 20, top: 44, bottom: 54 }

/** Lines over both axes from zero, as a picture that is legible on light and dark pages. */
export function plotLines({ title, x, y, series }: PlotOptions): string {
  const points = series.flatMap((one) => one.points)
  const [stepX, stepY] = [niceStep(points.map(([px]) => px)), niceStep(points.map(([, py]) => py))]
  const maxX = roundUp(Math.max(...points.map(([px]) => px)), stepX)
  const maxY = roundUp(Math.max(...points.map(([, py]) => py)), stepY)
  const atX = (value: number): string => (BOX.left + (value / maxX) * (WIDTH - BOX.left - BOX.right)).toFixed(1)
  const atY = (value: number): string =>
    (HEIGHT - BOX.bottom - (value / maxY) * (HEIGHT - BOX.top - BOX.bottom)).toFixed(1)
  const gridX = ticks(maxX, stepX).map(
    (value) =>
      `<path class="grid" d="M${atX(value)} ${atY(0)}V${atY(maxY)}"/><text x="${atX(value)}" y="${HEIGHT - 34}" text-anchor="middle">${show(value)}</text>`,
  )
  const gridY = ticks(maxY, stepY).map(
    (value) =>
      `<path class="grid" d="M${atX(0)} ${atY(value)}H${atX(maxX)}"/><text x="${BOX.left - 8}" y="${Number(atY(value)) + 4}" text-anchor="end">${show(value)}</text>`,
  )
  const lines = series.map((one, index) => {
    const path = one.points.map(([px, py], turn) => `${turn === 0 ? 'M' : 'L'}${atX(px)} ${atY(py)}`).join('')
    const marked = one.dots === false ? [] : one.points
    const dots = marked.map(([px, py]) => `<circle cx="${atX(px)}" cy="${atY(py)}" r="3.5" fill="${one.colour}"/>`)
    const key = BOX.top + 14 + index * 18
    const legend = `<rect x="${BOX.left + 12}" y="${key - 9}" width="12" height="4" fill="${one.colour}"/><text x="${BOX.left + 30}" y="${key - 3}">${one.name}</text>`
    return `<path d="${path}" fill="none" stroke="${one.colour}" stroke-width="2"/>${dots.join('')}${legend}`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title}">
<style>text{font:12px sans-serif;fill:#6e7781}.title{font-size:14px;font-weight:600}.grid{stroke:#8c959f;stroke-opacity:.3}</style>
<text class="title" x="${BOX.left}" y="22">${title}</text>
${[...gridX, ...gridY, ...lines].join('\n')}
<text x="${(WIDTH + BOX.left) / 2}" y="${HEIGHT - 10}" text-anchor="middle">${x}</text>
<text transform="translate(16 ${HEIGHT / 2}) rotate(-90)" text-anchor="middle">${y}</text>
</svg>
`
}

/** 1, 2 or 5 times a power of ten, so that there are four to nine ticks. */
function niceStep(values: readonly number[]): number {
  const raw = Math.max(...values) / 5
  const power = 10 ** Math.floor(Math.log10(raw))
  return ([1, 2, 5].find((step) => step * power >= raw) ?? 10) * power
}

function roundUp(value: number, step: number): number {
  return Math.ceil(value / step) * step
}

function ticks(max: number, step: number): number[] {
  return Array.from({ length: Math.round(max / step) + 1 }, (_, index) => index * step)
}

function show(value: number): string {
  return Number(value.toPrecision(6)).toLocaleString('en-US')
}
