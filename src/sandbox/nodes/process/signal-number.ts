import { constants } from 'node:os'

export function signalNumber(name: NodeJS.Signals): number {
  return constants.signals[name]
}
