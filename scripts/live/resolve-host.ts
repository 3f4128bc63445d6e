import { lookup } from 'node:dns/promises'

/** Returns the addresses of a host, none if it does not exist. */
export async function resolveHost(host: string, look: typeof lookup = lookup): Promise<readonly string[]> {
  try {
    return (await look(host, { all: true })).map(({ address }) => address)
  } catch (error) {
    // The other errors are temporary failures of DNS servers.
    if ((error as NodeJS.ErrnoException).code === 'ENOTFOUND') return []
    throw error
  }
}
