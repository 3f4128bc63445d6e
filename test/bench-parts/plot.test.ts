import assert from 'node:assert/strict'
import { test } from 'node:test'
import { plotLines } from '../bench/report/plot.ts'

test('a plot starts at zero, with round ticks and every point', () => {
  const svg = plotLines({
    title: 'Cost',
    x: 'namespaces',
    y: 'writes',
    series: [{ name: 'cold start', colour: '#0969da', points: [[1000, 700] as const, [10_000, 7000] as const] }],
  })
  const texts = [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text)
  assert.deepEqual(texts, [
    'Cost',
    ...['0', '2,000', '4,000', '6,000', '8,000', '10,000'],
    ...['0', '2,000', '4,000', '6,000', '8,000'],
    'cold start',
    'namespaces',
    'writes',
  ])
  assert.equal(svg.match(/<circle/g)?.length, 2)
  // Linear cost is a straight line through the origin: the point in a tenth of the width is in a
  // tenth of the height.
  const share = (axis: 'cx' | 'cy', origin: number): number => {
    const [few = Number.NaN, many = Number.NaN] = [...svg.matchAll(new RegExp(`${axis}="([\\d.]+)"`, 'g'))].map(
      toNumber,
    )
    return (few - origin) / (many - origin)
  }
  assert.equal(share('cx', 70).toFixed(2), '0.10')
  assert.equal(share('cy', 306).toFixed(2), '0.10')
})

function toNumber([, digits]: RegExpMatchArray): number {
  return Number(digits)
}
