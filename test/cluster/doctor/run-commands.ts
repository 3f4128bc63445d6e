import assert from 'node:assert/strict'
import type { Cloud } from '../../../sandbox/cloud/start-cloud.ts'
import type { Finding } from '../../../src/doctor/finding.ts'
import { vendorClients } from '../../support/cloud/vendor-sdk.ts'

const VERSIONS: Readonly<Record<string, string>> = { ram: '2015-05-01', ims: '2019-08-15', cr: '2018-12-01' }

/**
 * Runs the commands of a finding as the CLI `aliyun` would, with an administrator's key, through
 * the vendor's own SDK. `filled` replaces the placeholders in angle brackets.
 */
export async function runCommands(
  cloud: Cloud,
  { command }: Pick<Finding, 'command'>,
  filled: Readonly<Record<string, string>> = {},
): Promise<void> {
  const commands = command?.split(' && ') ?? []
  for (const one of commands) {
    const [program, product = '', action = '', ...rest] = wordsOf(one)
    const version = VERSIONS[product]
    assert.ok(program === 'aliyun' && version !== undefined, one)
    const pairs = rest.flatMap((word, index) =>
      index % 2 === 0 ? [[word.slice(2), rest[index + 1] ?? ''] as const] : [],
    )
    const query = Object.fromEntries(
      pairs.filter(([name]) => name !== 'region').map(([name, value]) => [name, fill(value, filled)]),
    )
    const response = await vendorClients(cloud).call({ action, version, query })
    assert.notEqual(response.IsSuccess, false, `${one}: ${JSON.stringify(response)}`)
  }
}

/** Splits a command into words as a shell does. These commands contain only single quotes. */
function wordsOf(command: string): readonly string[] {
  return [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '')
}

function fill(value: string, filled: Readonly<Record<string, string>>): string {
  const text = value.replace(/<[^>]+>/g, (blank) => filled[blank] ?? blank)
  assert.doesNotMatch(text, /[<>]/, 'a blank that nobody can fill')
  return text
}
