import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { promisify } from 'node:util'

interface Bill {
  serialNumber?: string
  readonly metadata: { timestamp?: string; readonly component: Record<string, unknown> }
}

const run = promisify(execFile)
const ARGS = [
  'sbom',
  '--sbom-format',
  'cyclonedx',
  '--omit',
  'dev',
  '--omit',
  'optional',
  '--package-lock-only',
  '--offline',
]

/** What the bundles are made of (CycloneDX JSON), from the lockfile alone: no network is asked. */
export async function billOfMaterials(root: string, signal: AbortSignal): Promise<string> {
  const { stdout } = await run('npm', ARGS, { cwd: root, maxBuffer: 64 * 1024 * 1024, signal })
  return settleBill(stdout)
}

/** The same bill at any time and from any folder: npm names it after the folder, and gives it a time and a random number. */
export function settleBill(text: string): string {
  const bill = JSON.parse(text) as Bill
  delete bill.metadata.timestamp
  delete bill.serialNumber
  Object.assign(bill.metadata.component, { name: 'acr-nopass', type: 'application' })
  const hash = createHash('sha256').update(JSON.stringify(bill)).digest('hex')
  // RFC 9562: version 8 and variant 10, the rest is the hash
  const uuid = `${hash.slice(0, 8)}-${hash.slice(8, 12)}-8${hash.slice(13, 16)}-a${hash.slice(17, 20)}-${hash.slice(20, 32)}`
  return `${JSON.stringify({ ...bill, serialNumber: `urn:uuid:${uuid}` }, null, 2)}\n`
}
