import { connect, type DetailedPeerCertificate } from 'node:tls'
import type { HttpSender } from '../../src/alibaba/transport/http-sender.ts'
import { parseObject, textOf } from '../../src/lib/json.ts'

/** SHA-1 fingerprints in the form of RAM: lower case, without colons. */
export interface CertificateChain {
  readonly leaf: string
  /** The self-signed certificate at the end of the chain; undefined if Node does not know it. */
  readonly root: string | undefined
}

const TIMEOUT = 10_000

/**
 * Returns the certificates of the host that serves an issuer's keys. RAM wants the fingerprint of
 * that host's certificate authority
 * (https://help.aliyun.com/zh/ram/obtain-oidc-idp-fingerprints-through-openssl).
 */
export async function readIssuerChain(
  issuer: string,
  { send, ca }: { readonly send: HttpSender; readonly ca?: string | undefined },
  signal: AbortSignal,
): Promise<CertificateChain> {
  const url = new URL(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`)
  const { text } = await send({ url, method: 'GET', headers: { accept: 'application/json' }, timeout: TIMEOUT }, signal)
  const keys = textOf(parseObject(text)?.jwks_uri)
  return readChain(URL.canParse(keys) ? new URL(keys) : url, ca, signal)
}

function readChain({ hostname, port }: URL, ca: string | undefined, signal: AbortSignal): Promise<CertificateChain> {
  return new Promise((resolve, reject) => {
    const options = { host: hostname, port: Number(port || 443), servername: hostname, ...(ca && { ca }) }
    const socket = connect(options, () => {
      const leaf = socket.getPeerCertificate(true)
      socket.destroy()
      resolve({ leaf: fingerprintOf(leaf), root: rootOf(leaf) })
    })
    const stop = (reason: unknown): void => {
      socket.destroy()
      reject(reason)
    }
    socket.setTimeout(TIMEOUT, () => stop(new Error('the issuer does not respond')))
    socket.on('error', stop)
    signal.addEventListener('abort', () => stop(signal.reason), { once: true })
  })
}

/** Node adds the issuers that it trusts to the certificates that the server sent. */
function rootOf(leaf: DetailedPeerCertificate): string | undefined {
  let certificate = leaf
  for (let depth = 0; depth < 10; depth++) {
    const { issuerCertificate } = certificate
    if (issuerCertificate === undefined) return undefined
    if (issuerCertificate.fingerprint === certificate.fingerprint) {
      return certificate === leaf ? undefined : fingerprintOf(certificate)
    }
    certificate = issuerCertificate
  }
  return undefined
}

function fingerprintOf({ fingerprint }: DetailedPeerCertificate): string {
  return fingerprint.replaceAll(':', '').toLowerCase()
}
