import { BlockList, isIP } from 'node:net'
import type { Cursor } from '../cursor.ts'
import type { ValuesError } from '../values-error.ts'

/** What the API server refuses in the helper's NetworkPolicy: those of chart/templates/_validation.tpl. */
export function checkNetwork(policy: Cursor): ValuesError[] {
  if (policy.at('enabled').value !== true) return []
  return [
    ...policy.at('metricsFrom').items.flatMap(checkPeer),
    ...policy
      .at('egress')
      .items.flatMap((rule) => [
        ...rule.at('to').items.flatMap(checkPeer),
        ...rule.at('ports').items.flatMap(checkPort),
      ]),
  ]
}

function checkPeer(peer: Cursor): ValuesError[] {
  if (!peer.isMap) return []
  const outside = exceptions(peer.at('ipBlock'))
  if (outside.length > 0) return outside
  const count = peer.members.length
  if (count > 0 && (count === 1 || peer.at('ipBlock').node === undefined)) return []
  const what = count === 0 ? 'is empty' : 'has `ipBlock` together with a selector'
  const hint = count === 0 ? 'Write a selector or an `ipBlock`, or remove it.' : 'Write two peers, one of each.'
  return [peer.refused(`a peer of a NetworkPolicy ${what}`, hint)]
}

/** Templates cannot compare ranges: with Helm alone the API server reports it. */
function exceptions(block: Cursor): ValuesError[] {
  const whole = rangeOf(block.at('cidr'))
  if (whole === undefined) return []
  const inside = new BlockList()
  inside.addSubnet(whole.address, whole.prefix, whole.family)
  return block.at('except').items.flatMap((item) => {
    const part = rangeOf(item)
    if (part === undefined) return []
    const isPart = part.prefix > whole.prefix && inside.check(part.address, part.family)
    if (isPart && part.family === whole.family) return []
    const message = 'what `except` excludes is not a part of `cidr`'
    return [item.refused(message, 'Write a smaller range inside `cidr`, or remove it.')]
  })
}

interface Range {
  readonly address: string
  readonly prefix: number
  readonly family: 'ipv4' | 'ipv6'
}

function rangeOf({ value }: Cursor): Range | undefined {
  const [address = '', prefix] = String(value).split('/')
  const version = isIP(address)
  const length = Number(prefix)
  if (version === 0 || prefix === undefined || !(length >= 0 && length <= (version === 4 ? 32 : 128))) return undefined
  return { address, prefix: length, family: version === 4 ? 'ipv4' : 'ipv6' }
}

function checkPort(port: Cursor): ValuesError[] {
  const [{ value: first }, last] = [port.at('port'), port.at('endPort')]
  if (typeof last.value !== 'number' || (typeof first === 'number' && last.value >= first)) return []
  return [last.refused('`endPort` needs a number as `port` that is not above it', 'Correct one of the two.')]
}
