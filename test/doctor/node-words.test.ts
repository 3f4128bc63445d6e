import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { FindingId } from '../../src/doctor/finding.ts'
import { cutMessage, quoteNode } from '../../src/doctor/pod/node-message.ts'
import { type Explained, explainPull, RULES } from '../../src/doctor/pod/node-words.ts'
import { HOST, IMAGE, NOW } from './fixture.ts'

const VPC = 'demo-registry-vpc.cn-hangzhou.cr.aliyuncs.com'
const VPC_IMAGE = `${VPC}/team/app:1`
const TODAY = new Date(NOW).toISOString().replace('.000', '')
const LAYER = `blobs/sha256:${'429401'.repeat(11).slice(0, 64)}`

/** containerd: client/pull.go, core/remotes/docker/resolver.go. */
const resolving = (image: string, why: string): string =>
  `failed to pull and unpack image "${image}": failed to resolve reference "${image}": ${why}`
/** containerd: core/remotes/docker/resolver.go, do(); Go: net/url, Error. */
const head = (why: string, host = HOST): string =>
  resolving(`${host}/team/app:1`, `failed to do request: Head "https://${host}/v2/team/app/manifests/1": ${why}`)
/** containerd: core/remotes/docker/httpreadseeker.go. */
const layer = (why: string): string =>
  `failed to pull and unpack image "${IMAGE}": failed to copy: httpReadSeeker: failed open: ${why}`
/** containerd: core/remotes/docker/authorizer.go. */
const token = (kind: 'oauth' | 'anonymous', why: string): string =>
  resolving(IMAGE, `failed to authorize: failed to fetch ${kind} token: ${why}`)
/** containerd: core/remotes/errors/errors.go. */
const status = (verb: string, url: string, text: string): string =>
  `unexpected status from ${verb} request to ${url}: ${text}`
/** CRI-O: go.podman.io/image docker/docker_client.go. */
const crio = (why: string): string => `initializing source docker://${IMAGE}: ${why}`
const docker = (why: string): string => `Error response from daemon: ${why}`
const MANIFEST = `https://${HOST}/v2/team/app/manifests/1`
const AUTH = 'https://dockerauth.cn-hangzhou.aliyuncs.com/auth?scope=repository%3Ateam%2Fapp%3Apull&service=x'
const OSS_HOST = 'acr-hz.oss-cn-hangzhou-internal.aliyuncs.com'

type About = Explained['about']

interface Row {
  readonly title: string
  readonly message: string
  readonly id: FindingId
  /** Default: `other`, a cause that no credential changes. */
  readonly about?: About
  readonly says?: RegExp
  readonly image?: string
  readonly waiting?: string
}

const unknown = { id: 'POD_STUCK', about: 'unknown' } as const
const vpc = { image: VPC_IMAGE } as const

const ROWS: readonly Row[] = [
  // A proxy of the node: Go's net/http/transport.go returns only the text of the CONNECT status.
  {
    title: 'a proxy that refuses the connection',
    message: head('Forbidden'),
    id: 'POD_PROXY',
    says: /^The proxy that the node's runtime uses refuses the connection to demo-registry\S+: Forbidden\.\n/,
  },
  { title: 'a proxy that wants a login', message: head('Proxy Authentication Required'), id: 'POD_PROXY' },
  { title: 'a proxy without an upstream', message: head('Service Unavailable'), id: 'POD_PROXY' },
  { title: 'a proxy that refuses Docker', message: docker(`Get "https://${HOST}/v2/": Forbidden`), id: 'POD_PROXY' },
  {
    title: 'a proxy without an address, for a VPC domain',
    ...vpc,
    message: head('proxyconnect tcp: dial tcp: lookup proxy.corp on 10.0.0.2:53: no such host', VPC),
    id: 'POD_PROXY',
  },
  {
    title: 'a proxy that is down, for a VPC domain',
    ...vpc,
    message: head('proxyconnect tcp: dial tcp 10.9.9.9:3128: connect: connection refused', VPC),
    id: 'POD_PROXY',
  },
  {
    title: 'a proxy that does not respond',
    message: head('proxyconnect tcp: dial tcp 10.9.9.9:3128: i/o timeout'),
    id: 'POD_PROXY',
  },
  // The message is about another host than the image's.
  {
    title: 'a mirror without an address',
    ...vpc,
    message: resolving(
      VPC_IMAGE,
      `failed to do request: Head "https://mirror.corp/v2/team/app/manifests/1?ns=${VPC}": dial tcp: lookup mirror.corp on 10.0.0.2:53: no such host`,
    ),
    id: 'POD_NETWORK',
    says: /mirror\.corp \(a mirror/,
  },
  {
    title: 'a mirror that does not respond',
    ...vpc,
    message: resolving(
      VPC_IMAGE,
      `failed to do request: Head "https://mirror.corp/v2/team/app/manifests/1?ns=${VPC}": dial tcp 10.8.8.8:443: i/o timeout`,
    ),
    id: 'POD_NETWORK',
    says: /mirror\.corp \(a mirror/,
  },
  {
    title: 'a mirror that refuses',
    message: resolving(
      IMAGE,
      status('HEAD', `https://mirror.corp/v2/team/app/manifests/1?ns=${HOST}`, '403 Forbidden'),
    ),
    id: 'POD_PROXY',
    says: /response HTTP 403 comes from mirror\.corp/,
  },
  {
    title: 'a mirror that has another CA',
    message: resolving(
      IMAGE,
      `failed to do request: Head "https://mirror.corp/v2/team/app/manifests/1?ns=${HOST}": tls: failed to verify certificate: x509: certificate signed by unknown authority`,
    ),
    id: 'POD_CERTIFICATE',
    says: /mirror\.corp \(a mirror/,
  },
  {
    title: 'the storage of a layer that does not respond, for a VPC domain',
    ...vpc,
    message: layer(
      `failed to do request: Get "https://${OSS_HOST}/docker/x?Expires=1": dial tcp 100.118.28.50:443: i/o timeout`,
    ),
    id: 'POD_NETWORK',
    says: /oss-cn-hangzhou-internal.*stores its layers/,
  },
  {
    title: 'the storage of a layer without an address, for a VPC domain',
    ...vpc,
    message: layer(
      `failed to do request: Get "https://${OSS_HOST}/docker/x?Expires=1": dial tcp: lookup ${OSS_HOST} on 100.100.2.136:53: no such host`,
    ),
    id: 'POD_NETWORK',
    says: /stores its layers/,
  },
  {
    title: 'the storage of a layer that refuses',
    message: layer(`unexpected status code https://${OSS_HOST}/docker/x?Expires=1: 403 Forbidden`),
    id: 'POD_STUCK',
    says: /storage behind it rejects/,
  },
  {
    title: 'the storage of a layer that refuses, in the words of containerd 2',
    message: layer(status('GET', `https://${OSS_HOST}/docker/x?Expires=1`, '403 Forbidden')),
    id: 'POD_STUCK',
    says: /storage behind it rejects/,
  },
  {
    title: 'the token service without an address, for a VPC domain',
    ...vpc,
    message: token(
      'oauth',
      'Post "https://dockerauth-vpc.cn-hangzhou.aliyuncs.com/auth": dial tcp: lookup dockerauth-vpc.cn-hangzhou.aliyuncs.com on 100.100.2.136:53: no such host',
    ),
    id: 'POD_NETWORK',
    says: /dockerauth-vpc\..*issues its tokens/,
  },
  {
    title: 'the token service that does not respond, for a VPC domain',
    ...vpc,
    message: token(
      'oauth',
      'Post "https://dockerauth-vpc.cn-hangzhou.aliyuncs.com/auth": dial tcp 100.100.80.1:443: i/o timeout',
    ),
    id: 'POD_NETWORK',
    says: /issues its tokens/,
  },
  {
    title: 'a layer of the VPC domain itself, whose manifest came',
    ...vpc,
    message: layer(
      `failed to do request: Get "https://${VPC}/v2/team/app/${LAYER}": dial tcp 10.1.2.3:443: i/o timeout`,
    ),
    id: 'POD_NETWORK',
  },
  {
    title: 'a bucket with the name of the token service',
    message: layer('failed to do request: Get "https://dockerauth-x.oss-cn-hangzhou.aliyuncs.com/x": EOF'),
    id: 'POD_NETWORK',
    says: /stores its layers/,
  },
  {
    title: 'the token service of another registry without an address',
    image: 'registry.corp:5000/team/app:1',
    message:
      'failed to authorize: failed to fetch anonymous token: Get "https://gitlab.corp/jwt/auth": dial tcp: lookup gitlab.corp on 10.0.0.2:53: no such host',
    id: 'POD_NETWORK',
    says: /gitlab\.corp \(where the registry issues its tokens\)/,
  },
  {
    title: 'a registry with a port, whose host has no address',
    image: 'registry.corp:5000/team/app:1',
    message:
      'failed to do request: Head "https://registry.corp:5000/v2/team/app/manifests/1": dial tcp: lookup registry.corp on 10.0.0.2:53: no such host',
    id: 'POD_NETWORK',
    says: /cannot reach the registry because/,
  },
  {
    title: 'Docker Hub, which does not respond',
    image: 'nginx',
    message:
      'failed to do request: Head "https://registry-1.docker.io/v2/library/nginx/manifests/latest": dial tcp 10.5.5.5:443: i/o timeout',
    id: 'POD_NETWORK',
    says: /cannot reach the registry, or/,
  },
  {
    title: 'a host that only begins like Docker Hub',
    image: 'nginx',
    message:
      'failed to do request: Head "https://registry-1.docker.io.corp.example/v2/library/nginx/manifests/latest": dial tcp 10.5.5.5:443: i/o timeout',
    id: 'POD_NETWORK',
    says: /registry-1\.docker\.io\.corp\.example \(a mirror/,
  },
  {
    title: 'Docker Hub, by another of its names',
    image: 'nginx',
    message:
      'failed to do request: Head "https://index.docker.io/v2/library/nginx/manifests/latest": dial tcp 10.5.5.5:443: i/o timeout',
    id: 'POD_NETWORK',
    says: /cannot reach the registry, or/,
  },
  {
    title: 'the token service that Docker cannot reach',
    message: docker(`Get "${AUTH}": dial tcp 10.1.2.3:443: i/o timeout`),
    id: 'POD_NETWORK',
    says: /dockerauth\.cn-hangzhou\.aliyuncs\.com \(where the registry issues its tokens\)/,
  },
  {
    title: 'a host that only begins like the token service',
    message: docker(
      'Get "https://dockerauth.cn-hangzhou.aliyuncs.com.corp.example/auth": dial tcp 10.1.2.3:443: i/o timeout',
    ),
    id: 'POD_NETWORK',
    says: /corp\.example \(a mirror/,
  },
  {
    title: 'a host that only begins like the storage of a layer',
    message: layer(status('GET', 'https://x.oss-cn-hangzhou.aliyuncs.com.corp.example/x', '403 Forbidden')),
    id: 'POD_PROXY',
    says: /comes from x\.oss-cn-hangzhou\.aliyuncs\.com\.corp\.example,/,
  },
  {
    title: 'the token service of CRI-O',
    message: crio(
      'Requesting bearer token: Get "https://gitlab.corp/jwt/auth": dial tcp: lookup gitlab.corp on 10.0.0.2:53: no such host',
    ),
    id: 'POD_NETWORK',
    says: /gitlab\.corp \(where the registry issues its tokens\)/,
  },
  {
    title: 'a registry whose default port is written',
    image: 'registry.corp:443/team/app:1',
    message:
      'failed to do request: Head "https://registry.corp:443/v2/team/app/manifests/1": dial tcp 10.5.5.5:443: i/o timeout',
    id: 'POD_NETWORK',
    says: /cannot reach the registry, or/,
  },
  {
    title: 'a URL that cannot be parsed names no host',
    message: 'failed to do request: Get "https://[::1/v2/": dial tcp 10.5.5.5:443: i/o timeout',
    id: 'POD_NETWORK',
    says: /cannot reach the registry, or/,
  },
  // The message is about the VPC domain itself.
  {
    title: 'a VPC domain without an address',
    ...vpc,
    message: head(`dial tcp: lookup ${VPC} on 100.100.2.136:53: no such host`, VPC),
    id: 'POD_VPC_UNLINKED',
  },
  {
    title: 'a VPC domain whose address does not respond',
    ...vpc,
    message: head('dial tcp 10.1.2.3:443: i/o timeout', VPC),
    id: 'POD_VPC_UNLINKED',
  },
  {
    title: 'a registry whose name only ends like a VPC domain, without an address',
    image: 'myregistry-internal.corp.example/team/app:1',
    message: head(
      'dial tcp: lookup myregistry-internal.corp.example on 10.0.0.2:53: no such host',
      'myregistry-internal.corp.example',
    ),
    id: 'POD_NETWORK',
    says: /cannot reach the registry because/,
  },
  {
    title: 'a VPC domain of a Personal instance, without an address',
    image: 'registry-vpc.cn-hangzhou.aliyuncs.com/team/app:1',
    message: head(
      'dial tcp: lookup registry-vpc.cn-hangzhou.aliyuncs.com on 10.0.0.2:53: no such host',
      'registry-vpc.cn-hangzhou.aliyuncs.com',
    ),
    id: 'POD_VPC_UNLINKED',
  },
  {
    title: 'a VPC domain, and the DNS server of the node does not respond',
    ...vpc,
    message: head(`dial tcp: lookup ${VPC} on 10.0.0.2:53: read udp 10.0.0.3:4444->10.0.0.2:53: i/o timeout`, VPC),
    id: 'POD_NETWORK',
    says: /DNS server does not respond/,
  },
  // Certificates, clocks and TLS.
  {
    title: 'a clock of the node in the past',
    message: head(
      `tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time 2019-06-01T00:00:00Z is before 2026-01-01T00:00:00Z`,
    ),
    id: 'CLOCK_SKEW',
    says: /clock of the node is wrong.*2019-06-01/,
  },
  {
    title: 'a clock of the node in the future',
    message: head(
      `tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time 2031-06-01T00:00:00+08:00 is after 2027-01-01T00:00:00Z`,
    ),
    id: 'CLOCK_SKEW',
  },
  {
    title: 'a certificate that has expired, by a right clock',
    message: head(
      `tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time ${TODAY} is after 2026-02-01T00:00:00Z`,
    ),
    id: 'POD_CERTIFICATE',
    says: /certificate of the registry has expired[\s\S]*Renew/,
  },
  {
    title: 'a certificate that is not valid yet, by a right clock',
    message: head(
      `tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time ${TODAY} is before 2026-04-01T00:00:00Z`,
    ),
    id: 'POD_CERTIFICATE',
    says: /certificate of the registry is not valid yet/,
  },
  {
    title: 'a certificate that has expired, by a clock at the limit of the tolerance',
    message: head(
      `tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time ${new Date(NOW - 7_200_000).toISOString()} is after 2026-02-01T00:00:00Z`,
    ),
    id: 'POD_CERTIFICATE',
  },
  {
    title: 'an unknown CA',
    message: head('tls: failed to verify certificate: x509: certificate signed by unknown authority'),
    id: 'POD_CERTIFICATE',
    says: /add the CA/,
  },
  {
    title: 'an unknown CA, without a host',
    message: 'x509: certificate signed by unknown authority',
    id: 'POD_CERTIFICATE',
    says: /the certificate of the registry;/,
  },
  {
    title: "another host's certificate",
    message: head(`tls: failed to verify certificate: x509: certificate is valid for *.corp, not ${HOST}`),
    id: 'POD_CERTIFICATE',
    says: /not issued for the registry/,
  },
  {
    title: 'a TLS handshake that the other side refuses',
    message: head('remote error: tls: handshake failure'),
    id: 'POD_NETWORK',
    says: /handshake is refused/,
  },
  {
    title: 'a server that does not support TLS',
    message: head('tls: first record does not look like a TLS handshake'),
    id: 'POD_HTTP',
  },
  { title: 'a server of http', message: head('http: server gave HTTP response to HTTPS client'), id: 'POD_HTTP' },
  // Problems of the node itself.
  {
    title: 'a full disk',
    message: `failed to pull and unpack image "${IMAGE}": failed to extract layer sha256:1: write /var/lib/x: no space left on device: unknown`,
    id: 'POD_DISK_FULL',
  },
  {
    title: 'a disk quota',
    message: `failed to pull and unpack image "${IMAGE}": failed to copy: write /var/lib/containerd/x: disk quota exceeded`,
    id: 'POD_DISK_FULL',
  },
  // Go: os/file.go, LinkError.
  {
    title: 'a file that the runtime cannot move',
    message: 'failed commit on ref "layer": rename /var/lib/x /var/lib/y: no such file or directory',
    id: 'POD_STUCK',
    says: /runtime fails/,
  },
  {
    title: 'a layer that Docker may not write',
    message: docker(
      'failed to register layer: Error processing tar file(exit status 1): open /etc/shadow: permission denied',
    ),
    id: 'POD_STUCK',
    says: /runtime fails/,
  },
  {
    title: 'a layer that cannot be unpacked',
    message: `failed to pull and unpack image "${IMAGE}": failed to extract layer (application/vnd.oci.image.layer.v1.tar+gzip sha256:1) to overlayfs as "extract-1": unexpected EOF`,
    id: 'POD_STUCK',
    says: /runtime fails/,
  },
  {
    title: 'another version of Windows',
    message: docker('a Windows version 10.0.20348-based image is incompatible with a 10.0.17763 host'),
    id: 'POD_ARCHITECTURE',
  },
  {
    title: 'another platform, in the words of CRI-O',
    message: `choosing image instance: no image found in manifest list for architecture "arm64", variant "v8", OS "linux"`,
    id: 'POD_ARCHITECTURE',
  },
  {
    title: 'a signature that the node demands',
    message:
      'image pull failed for x because the signature validation failed: Source image rejected: A signature was required, but no signature exists',
    id: 'POD_STUCK',
    waiting: 'SignatureValidationFailed',
    says: /signature policy/,
  },
  {
    title: 'a signature that the node demands, in words that a registry may send too',
    message:
      'image pull failed because the signature validation failed: denied: requested access to the resource is denied',
    id: 'POD_STUCK',
    waiting: 'SignatureValidationFailed',
    says: /signature policy/,
  },
  {
    title: 'a registry that CRI-O calls unavailable, and why',
    message: `Get "https://${HOST}/v2/": tls: failed to verify certificate: x509: certificate signed by unknown authority`,
    id: 'POD_CERTIFICATE',
    waiting: 'RegistryUnavailable',
  },
  {
    title: 'a registry that CRI-O calls unavailable',
    message: 'image pull failed for x because the registry is unavailable: something',
    id: 'POD_NETWORK',
    waiting: 'RegistryUnavailable',
  },
  // kubelet: pkg/kubelet/images/types.go, ErrImageInspect.
  {
    title: 'an image that the runtime cannot inspect',
    message: 'Failed to inspect image "x": rpc error: code = Unknown desc = x',
    id: 'POD_STUCK',
    waiting: 'ImageInspectError',
    says: /fails to inspect the image[\s\S]*runtime and its disk/,
  },
  // CRI-O: go.podman.io/image copy/single.go, copyLayer and copyConfig.
  {
    title: 'a layer of CRI-O that ends too early',
    message: `copying system image from manifest list: reading blob sha256:${'ab'.repeat(32)}: unexpected EOF`,
    id: 'POD_NETWORK',
  },
  {
    title: "an image's configuration of CRI-O that ends too early",
    message: `copying system image from manifest list: reading config blob sha256:${'ab'.repeat(32)}: unexpected EOF`,
    id: 'POD_NETWORK',
  },
  // Connections that break.
  { title: 'a connection that ends', message: head('EOF'), id: 'POD_NETWORK' },
  {
    title: 'a layer that ends too early',
    message: `failed to pull and unpack image "${IMAGE}": failed to copy: unexpected EOF`,
    id: 'POD_NETWORK',
  },
  { title: 'a TLS handshake that takes too long', message: head('net/http: TLS handshake timeout'), id: 'POD_NETWORK' },
  {
    title: 'a DNS server that fails for a while',
    message: crio(
      `pinging container registry ${HOST}: Get "https://${HOST}/v2/": dial tcp: lookup ${HOST}: Temporary failure in name resolution`,
    ),
    id: 'POD_NETWORK',
    says: /DNS server does not respond/,
  },
  {
    title: 'a gateway before the registry',
    message: resolving(IMAGE, status('HEAD', MANIFEST, '502 Bad Gateway')),
    id: 'POD_NETWORK',
    says: /responds with HTTP 502/,
  },
  {
    title: 'the storage of a layer fails',
    message: layer(status('GET', `https://${OSS_HOST}/docker/x?Expires=1`, '500 Internal Server Error')),
    id: 'POD_NETWORK',
    says: /oss-cn-hangzhou-internal\S+ responds with HTTP 500/,
  },
  {
    title: 'an address that does not respond, without a host',
    message: 'dial tcp 10.1.2.3:443: i/o timeout',
    id: 'POD_NETWORK',
    says: /cannot reach the registry, or[\s\S]*NAT gateway/,
  },
  {
    title: 'a connection that is reset',
    message: layer(
      `failed to do request: Get "https://${HOST}/v2/team/app/${LAYER}": read tcp 10.0.0.3:4444->10.1.2.3:443: read: connection reset by peer`,
    ),
    id: 'POD_NETWORK',
  },
  {
    title: 'a request that takes too long',
    message: docker(
      `Get "https://${HOST}/v2/": net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)`,
    ),
    id: 'POD_NETWORK',
  },
  // Responses of the registry.
  {
    title: 'a registry that throttles',
    message: resolving(
      IMAGE,
      `${status('HEAD', MANIFEST, '429 Too Many Requests')}\ntoomanyrequests: too many requests`,
    ),
    id: 'POD_THROTTLED',
    says: /The registry throttles/,
  },
  {
    title: 'a registry that throttles CRI-O',
    message: crio(`reading manifest 1 in ${HOST}/team/app: too many requests to registry`),
    id: 'POD_THROTTLED',
  },
  {
    title: 'a tag that is not there, in the words of CRI-O',
    message: crio(`reading manifest 1 in ${HOST}/team/app: manifest unknown`),
    id: 'POD_IMAGE_ABSENT',
  },
  {
    title: 'a login that is refused',
    message: token('oauth', status('GET', AUTH, '401 Unauthorized')),
    id: 'POD_LOGIN_REFUSED',
    about: 'credential',
  },
  {
    title: 'a login that is refused, in the words of containerd 1.6',
    message: token('oauth', 'unexpected status: 401 Unauthorized'),
    id: 'POD_LOGIN_REFUSED',
    about: 'credential',
  },
  {
    title: 'a login that is refused, in the words of CRI-O',
    message: crio('unable to retrieve auth token: invalid username/password: unauthorized: authentication required'),
    id: 'POD_LOGIN_REFUSED',
    about: 'credential',
  },
  {
    title: 'no login',
    message: token('anonymous', status('GET', AUTH, '401 Unauthorized')),
    id: 'POD_DENIED',
    about: 'credential',
    says: /the node sent none/,
  },
  {
    title: 'no right on the repository',
    message: resolving(
      IMAGE,
      'pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed',
    ),
    id: 'POD_DENIED',
    about: 'credential',
  },
  {
    title: 'no right on the repository, by status',
    message: resolving(
      IMAGE,
      `${status('HEAD', MANIFEST, '403 Forbidden')}\ndenied: requested access to the resource is denied`,
    ),
    id: 'POD_DENIED',
    about: 'credential',
  },
  {
    title: 'no right on the repository, by its status alone',
    message: resolving(IMAGE, status('HEAD', MANIFEST, '401 Unauthorized')),
    id: 'POD_DENIED',
    about: 'credential',
    says: /denies the pull/,
  },
  {
    title: 'no right on the repository, by the scope alone',
    message: 'failed to authorize: server message: insufficient_scope: authorization failed',
    id: 'POD_DENIED',
    about: 'credential',
  },
  {
    title: "an image whose name equals a registry's message",
    image: 'unauthorized',
    message: docker('unauthorized: access to the requested resource is not authorized'),
    id: 'POD_DENIED',
    about: 'credential',
  },
  {
    title: 'a tag that is not there, by the full name of the image',
    image: 'nginx:1',
    message: 'failed to resolve reference "docker.io/library/nginx:1": docker.io/library/nginx:1: not found',
    id: 'POD_IMAGE_ABSENT',
  },
  {
    title: 'no right on the repository, in the words of Docker',
    message: docker(
      `pull access denied for ${HOST}/team/app, repository does not exist or may require 'docker login': denied: requested access to the resource is denied`,
    ),
    id: 'POD_DENIED',
    about: 'credential',
  },
  {
    title: 'text of the registry inside its own message',
    message: resolving(
      IMAGE,
      'pull access denied, repository does not exist or may require authorization: server message: write /x: no space left on device: authorization failed',
    ),
    id: 'POD_DENIED',
    about: 'credential',
  },
  {
    title: 'a tag that is not there, by the name of a mirror',
    message: 'rpc error: code = NotFound desc = mirror.corp/team/app:1: not found',
    id: 'POD_IMAGE_ABSENT',
  },
  {
    title: "a tag that is not there, by the name of the node's own registry",
    message: 'rpc error: code = NotFound desc = localhost/team/app:1: not found',
    id: 'POD_IMAGE_ABSENT',
  },
  {
    title: 'a tag that is not there, by its status alone',
    message: resolving(IMAGE, status('HEAD', MANIFEST, '404 Not Found')),
    id: 'POD_IMAGE_ABSENT',
  },
  // Messages without a rule.
  { title: 'a layer that is not there', message: layer(status('GET', MANIFEST, '404 Not Found')), ...unknown },
  {
    title: 'a lookup that fails for a reason that nobody has seen',
    message: head(`dial tcp: lookup ${HOST} on 10.0.0.2:53: something new`),
    ...unknown,
  },
  { title: 'a webhook of the image policy', message: 'image pull policy webhook denied the request', ...unknown },
  {
    title: 'a runtime that is slow',
    message: 'rpc error: code = DeadlineExceeded desc = context deadline exceeded',
    ...unknown,
  },
  { title: 'a page that is not there is not an image', message: 'https://corp.example/x: not found', ...unknown },
  { title: 'words that nobody has seen', message: 'the flux capacitor is unaligned', ...unknown },
  { title: 'no words', message: '', ...unknown },
  { title: 'a proxy with words of its own', message: head('Blocked by policy 7'), ...unknown },
  { title: 'a status of a request to nobody knows whom', message: 'denied', ...unknown },
]

const explain = ({ message, image = IMAGE, waiting = 'ErrImagePull' }: Row): Explained =>
  explainPull({ image, detail: message, waiting }, NOW)

for (const row of ROWS) {
  test(`a node's message is attributed to its cause: ${row.title}`, () => {
    const { id, about, cause, fix } = explain(row)
    assert.deepEqual([id, about], [row.id, row.about ?? 'other'], `${cause}\n${row.message}`)
    if (row.says) assert.match(`${cause}\n${fix}`, row.says)
    assert.equal(explain({ ...row, message: `${row.message}\n` }).cause, cause, 'with a new line at its end')
    for (const text of [cause, fix]) assert.match(text, /^[A-Z][\s\S]*\S[.).]$|^\S+ responds with HTTP /)
    assert.equal(explain({ ...row, message: `${row.message}\n` }).id, row.id, 'with a new line at its end')
  })
}

test("a kubelet's pause between two tries changes nothing of the cause", () => {
  for (const row of ROWS.filter(({ message }) => message !== '')) {
    const message = `Back-off pulling image "${row.image ?? IMAGE}": ErrImagePull: rpc error: code = Unknown desc = ${row.message}`
    assert.equal(explain({ ...row, message }).id, row.id, row.title)
  }
})

/** Words of the rules, in places where they have no meaning. */
const TRAPS = [
  '429',
  '403-forbidden',
  'no-such-host',
  'x509',
  'denied',
  'unauthorized',
  'eof',
  'manifest-unknown',
  'tls',
  'proxyconnect',
  'not-found',
  'open',
]

test('the names of an image, its tag and its layers do not change the cause', () => {
  const word = fc.constantFrom(...TRAPS)
  fc.assert(
    fc.property(word, word, word, fc.constantFrom(...ROWS), (space, name, tag, row) => {
      const to = `${space}/${name}`
      const rename = (text: string): string =>
        text
          .replaceAll('team/app:1', `${to}:${tag}`)
          .replaceAll('team/app/manifests/1', `${to}/manifests/${tag}`)
          .replaceAll('team/app', to)
      const renamed = { ...row, message: rename(row.message), image: rename(row.image ?? IMAGE) }
      assert.deepEqual([explain(renamed).id, explain(renamed).about], [row.id, row.about ?? 'other'], renamed.message)
    }),
    { numRuns: 200 },
  )
})

test("a failure of another host is never one of the image's own registry", () => {
  const host = fc.domain().filter((name) => name !== VPC && !name.endsWith('aliyuncs.com'))
  const failure = fc.constantFrom<(name: string) => string>(
    (name) => `dial tcp: lookup ${name} on 10.0.0.2:53: no such host`,
    () => 'dial tcp 10.8.8.8:443: i/o timeout',
    () => 'dial tcp 10.8.8.8:443: connect: no route to host',
    () => 'EOF',
    () => 'Forbidden',
    () => 'remote error: tls: handshake failure',
    () => 'tls: failed to verify certificate: x509: certificate signed by unknown authority',
    (name) => `proxyconnect tcp: dial tcp: lookup ${name} on 10.0.0.2:53: no such host`,
  )
  fc.assert(
    fc.property(host, failure, (name, fail) => {
      const url = `https://${name}/v2/team/app/manifests/1?ns=${VPC}`
      const message = resolving(VPC_IMAGE, `failed to do request: Head "${url}": ${fail(name)}`)
      const { id, about, cause } = explain({ title: '', id: 'POD_NETWORK', message, image: VPC_IMAGE })
      assert.equal(about, 'other', message)
      assert.notEqual(id, 'POD_VPC_UNLINKED', message)
      assert.doesNotMatch(cause, /the registry(?: \(|,|\.)/, message)
    }),
    { numRuns: 200 },
  )
})

test('any text gets a verdict, and a text that no rule knows is unknown', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), fc.string({ maxLength: 60 }), (message, image) => {
      const { id, about } = explainPull({ image, detail: message, waiting: 'ErrImagePull' }, NOW)
      if (about === 'unknown') assert.equal(id, 'POD_STUCK')
    }),
  )
})

test('each rule names the source of the words that it knows', () => {
  for (const { sources, id } of RULES) {
    assert.ok(sources.length > 0, id)
    for (const source of sources) assert.match(source, /^(?:go|containerd|moby|go\.podman\.io\/image) [\w./-]+\.go: \S/)
  }
})

test('a message is cut only if it is longer than any message of a runtime, at a blank or a new line', () => {
  assert.equal(cutMessage('x '.repeat(4096)), 'x '.repeat(4096))
  assert.equal(cutMessage(`first\n${'b'.repeat(9000)}\nend`), 'first … end')
  assert.equal(cutMessage(`one two${'b'.repeat(9000)} end`), 'one … end')
})

test('the last 200 characters of a message are quoted', () => {
  assert.equal(quoteNode(` a${'b '.repeat(99)}\n cd`), ` The node says: …${'b '.repeat(99)}cd`)
  assert.equal(quoteNode(`a\n${'b '.repeat(98)}cd`), ` The node says: a ${'b '.repeat(98)}cd`)
  assert.equal(quoteNode(' \n '), '')
})

test('a long message without a blank is left out, because a part of a token cannot be recognized', () => {
  assert.equal(cutMessage('x'.repeat(9000)), ' … ')
})

test('a message of any length is cut at whole words before it is judged, and its end stays', () => {
  const cut = cutMessage(`${'a'.repeat(5000)} b ${'c '.repeat(500_000)}end`)
  assert.ok(cut.length <= 8192 + 3, String(cut.length))
  assert.match(cut, / end$/)
  // The middle of a token has no form by which it could be recognized.
  const token = `eyJ${'x'.repeat(5000)}`
  const long = cutMessage(`${'word '.repeat(1000)}${token}${'.y'.repeat(50)} end`)
  assert.doesNotMatch(quoteNode(long), /xxx|\.y\.y/)
})

// A rule whose time is not linear in the length would need hours for this message, and minutes for
// the part that remains after it is cut.
for (const unit of [
  'a.',
  'a.a/',
  'lookup a on b ',
  'https://a.b/',
  'open /a /a',
  '"',
  'server message: ',
  'x509: certificate ',
  '\n',
  ': ',
]) {
  test(`a message of one MiB of ${JSON.stringify(unit)} is judged`, () => {
    const message = unit.repeat((1024 * 1024) / unit.length)
    const { quote } = explainPull({ image: IMAGE, detail: message, waiting: 'ErrImagePull' }, NOW)
    assert.ok(quote.length < 300)
  })
}
