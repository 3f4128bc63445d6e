import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** A host name resolver, loaded into a Node program, that can be made to fail. */
export interface FailingResolver {
  /** The address of the module that the program imports. */
  readonly href: string
  fail(): Promise<void>
  heal(): Promise<void>
}

/**
 * Writes the resolver's files to `folder`. While it fails, `localhost` is not found, with the error
 * that Node reports for a name unknown to every server.
 */
export async function writeFailingResolver(folder: string): Promise<FailingResolver> {
  const [program, mark] = [join(folder, 'resolver.mjs'), join(folder, 'names-fail')]
  await writeFile(
    program,
    `import dns from 'node:dns'
import { existsSync } from 'node:fs'
const { lookup } = dns
dns.lookup = (host, options, callback) => {
  if (host !== 'localhost' || !existsSync(${JSON.stringify(mark)})) return lookup(host, options, callback)
  const error = Object.assign(new Error('getaddrinfo ENOTFOUND ' + host), { code: 'ENOTFOUND', syscall: 'getaddrinfo' })
  process.nextTick(callback ?? options, error)
}
`,
  )
  return {
    href: pathToFileURL(program).href,
    fail: () => writeFile(mark, ''),
    heal: () => rm(mark),
  }
}
