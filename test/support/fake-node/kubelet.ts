// ROOT READY FLAG…: a process that takes its credential providers as the kubelet does at its start.
// It ends at once for what ends the real kubelet. Otherwise it writes its id to the file READY.
// RegisterCredentialProviderPlugins in pkg/credentialprovider/plugin/plugin.go, Kubernetes v1.37.2
import { accessSync, constants, readFileSync, readlinkSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'

const [root = '', ready = '', ...flags] = process.argv.slice(2)
const last = (name: string): string | undefined =>
  flags.findLast((flag) => flag.startsWith(`--image-credential-provider-${name}=`))?.replace(/^[^=]*=/, '')
const [config, folder] = [last('config'), last('bin-dir')]
if ((config === undefined) !== (folder === undefined)) throw new Error('only one of both flags')
if (config !== undefined && folder !== undefined) {
  const { kind, providers } = parse(readFileSync(join(root, config), 'utf8'))
  if (kind !== 'CredentialProviderConfig' || providers.length === 0) throw new Error('validation')
  for (const { name } of providers) {
    // A link of the node points into the node.
    const path = join(root, folder, name)
    const file = isLink(path) ? join(root, readlinkSync(path)) : path
    accessSync(file, constants.X_OK)
    if (!statSync(file).isFile()) throw new Error(`${file} is no program`)
    if (flags.includes(`--refuse=${name}`)) throw new Error(`refused as asked: ${name}`)
  }
}
if (flags.includes('--refuse=everything')) throw new Error('refused as asked')
writeFileSync(`${ready}.new`, String(process.pid))
renameSync(`${ready}.new`, ready)
setInterval(() => undefined, 60_000)

function isLink(path: string): boolean {
  try {
    readlinkSync(path)
    return true
  } catch {
    return false
  }
}
