const BINARY: Readonly<Record<string, number>> = {
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
}
const DECIMAL: Readonly<Record<string, number>> = { n: -9, u: -6, m: -3, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 }

/**
 * Returns the amount of a Kubernetes quantity such as `96Mi`. Undefined for any other text.
 * https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
 */
export function amountOf(quantity: unknown): number | undefined {
  if (typeof quantity !== 'string' && typeof quantity !== 'number') return undefined
  const [, number, exponent, unit = ''] =
    /^([+-]?(?:\d+\.?\d*|\.\d+))(?:([eE][+-]?\d+)|([A-Za-z]{1,2}))?$/.exec(`${quantity}`) ?? []
  if (number === undefined) return undefined
  const power = unit === '' ? (exponent ?? '') : `e${DECIMAL[unit]}`
  const factor = BINARY[unit]
  const amount = factor === undefined ? Number(`${number}${power}`) : Number(number) * factor
  return Number.isNaN(amount) ? undefined : amount
}
