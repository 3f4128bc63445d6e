/**
 * Whether something is so by the vendor's pages. `unsaid`: they do not say, or contradict each other; then the emulator
 * takes the strict reading, which is that an Allow does not apply and a Deny does.
 */
export type Truth = 'yes' | 'no' | 'unsaid'

export const truth = (value: boolean): Truth => (value ? 'yes' : 'no')

export function not(value: Truth): Truth {
  if (value === 'unsaid') return value
  return value === 'yes' ? 'no' : 'yes'
}

export function every(values: readonly Truth[]): Truth {
  if (values.includes('no')) return 'no'
  return values.includes('unsaid') ? 'unsaid' : 'yes'
}

export function some(values: readonly Truth[]): Truth {
  return not(every(values.map(not)))
}

/** `yes` or `no` where both readings agree. */
export function agree(one: boolean, other: boolean): Truth {
  return one === other ? truth(one) : 'unsaid'
}
