// The least that a Node program can do for the same result: a lower bound for the helper, not a
// product. It handles no expiry, no lease, no conflict and no broken connection: three watches, one
// write for each namespace and ServiceAccount. Usage: minimal-controller SERVER CA_FILE TOKEN_FILE
// APPLY_FILE PATCH_FILE SECRET_NAME ATTACH: it applies one body, and on SIGHUP it patches the other
// into every namespace. With ATTACH `admission` it leaves ServiceAccounts alone.
import { readFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { Agent, request } from 'node:https'

interface Observed {
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly uid: string
    readonly resourceVersion: string
  }
  readonly imagePullSecrets?: readonly { readonly name?: string }[]
}

const [server = '', caFile = '', tokenFile = '', applyFile = '', patchFile = '', secretName = '', mode] =
  process.argv.slice(2)
const IN_FLIGHT = 16
const METADATA = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1'
const ca = readFileSync(caFile)
const authorization = `Bearer ${readFileSync(tokenFile, 'utf8')}`
const calls = new Agent({ ca, keepAlive: true, maxSockets: IN_FLIGHT })
const watches = new Agent({ ca, keepAlive: true })
const whole = readFileSync(applyFile)
const state = { running: 0 }
const namespaces = new Set<string>()
const secrets = new Map<string, string>()
const waiting: (() => Promise<void>)[] = []

function enqueue(write: () => Promise<void>): void {
  waiting.push(write)
  pump()
}

function pump(): void {
  while (state.running < IN_FLIGHT) {
    const write = waiting.shift()
    if (write === undefined) return
    state.running += 1
    void write().then(() => {
      state.running -= 1
      pump()
    })
  }
}

function patch(path: string, type: string, body: Buffer | string): Promise<void> {
  const headers = { authorization, 'content-type': type, accept: METADATA, 'content-length': Buffer.byteLength(body) }
  return new Promise((resolve, reject) => {
    const call = request(`${server}${path}`, { agent: calls, method: 'PATCH', headers }, (response) => {
      response.resume().once('end', resolve)
    })
    call.once('error', reject).end(body)
  })
}

const secretPath = (namespace: string): string =>
  `/api/v1/namespaces/${namespace}/secrets/${secretName}?fieldManager=acr-nopass`

const writeSecret = (namespace: string) => (): Promise<void> =>
  patch(`${secretPath(namespace)}&force=true`, 'application/apply-patch+yaml', whole)

const rotateSecret = (namespace: string, content: Buffer) => (): Promise<void> =>
  patch(secretPath(namespace), 'application/strategic-merge-patch+json', content)

const attach =
  ({ metadata, imagePullSecrets = [] }: Observed) =>
  (): Promise<void> => {
    const { uid, resourceVersion, namespace, name } = metadata
    const list = [...imagePullSecrets, { name: secretName }]
    const body = JSON.stringify({ metadata: { uid, resourceVersion }, imagePullSecrets: list })
    const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}?fieldManager=acr-nopass`
    return patch(path, 'application/merge-patch+json', body)
  }

function watch(path: string, accept: string, onObject: (type: string, object: Observed) => void): void {
  const url = `${server}/api/v1/${path}${path.includes('?') ? '&' : '?'}watch=1`
  const onResponse = (response: IncomingMessage): void => {
    const rest = { text: '' }
    response.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (rest.text + chunk).split('\n')
      rest.text = lines.pop() ?? ''
      for (const line of lines) {
        const { type, object } = JSON.parse(line) as { readonly type: string; readonly object: Observed }
        onObject(type, object)
      }
    })
  }
  request(url, { agent: watches, headers: { authorization, accept } }, onResponse).end()
}

watch('namespaces', METADATA, (type, { metadata: { name } }) => {
  if (type !== 'ADDED' || name.startsWith('kube-')) return
  namespaces.add(name)
  enqueue(writeSecret(name))
})
watch(`secrets?fieldSelector=metadata.name%3D${secretName}`, METADATA, (_type, { metadata }) => {
  secrets.set(metadata.namespace ?? '', metadata.resourceVersion)
})
if (mode !== 'admission') {
  watch('serviceaccounts', 'application/json', (type, account) => {
    if (type === 'DELETED' || account.metadata.namespace?.startsWith('kube-')) return
    if (!account.imagePullSecrets?.some(({ name }) => name === secretName)) enqueue(attach(account))
  })
}
process.on('SIGHUP', () => {
  const content = readFileSync(patchFile)
  for (const name of namespaces) enqueue(rotateSecret(name, content))
})
