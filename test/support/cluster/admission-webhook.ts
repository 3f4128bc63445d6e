import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { createAuthority } from '../../../sandbox/cluster/certificate.ts'
import type { KubeClient } from '../../../src/kube/client.ts'
import { eventually } from '../eventually.ts'

/** The part of an AdmissionRequest that the tests use. */
export interface AdmissionRequest {
  readonly uid: string
  readonly namespace: string
  readonly name: string
  readonly dryRun: boolean
  readonly userInfo: { readonly username: string }
}

/** The webhook's response: allowed, rejected with a message, or none (`hang`). */
export type Admission = 'allow' | 'hang' | { readonly reject: string }

/** A validating webhook on 127.0.0.1 that the API server really calls. */
export interface AdmissionWebhook extends AsyncDisposable {
  respond: (request: AdmissionRequest) => Admission | Promise<Admission>
}

const PATH = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations'

/**
 * Handles the writes of one resource in namespaces with the label `webhook: <name>`. Resolves once
 * the API server calls the webhook. If a response takes longer than a second, the API server
 * rejects the write (failurePolicy Fail).
 */
export async function startAdmissionWebhook(
  admin: KubeClient,
  name: string,
  resource: 'secrets' | 'serviceaccounts',
  timeoutSeconds = 1,
): Promise<AdmissionWebhook> {
  const authority = createAuthority(`webhook ${name}`)
  const pair = authority.issue({ commonName: 'webhook', names: ['127.0.0.1'], minutes: 24 * 60 })
  const webhook = { respond: (): Admission => 'allow' } as unknown as AdmissionWebhook
  const server = createServer({ key: pair.keyPem, cert: pair.certificatePem }, (message, response) => {
    const respond = async (): Promise<void> => {
      const { request } = JSON.parse(Buffer.concat(await message.toArray()).toString()) as { request: AdmissionRequest }
      const verdict = await webhook.respond(request)
      if (verdict === 'hang') return
      const status = verdict === 'allow' ? {} : { status: { message: verdict.reject } }
      const body = { uid: request.uid, allowed: verdict === 'allow', ...status }
      const review = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: body }
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(review))
    }
    respond().catch(() => response.destroy())
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const hook = {
    name: `${name}.test.example.com`,
    admissionReviewVersions: ['v1'],
    sideEffects: 'None',
    failurePolicy: 'Fail',
    timeoutSeconds,
    clientConfig: { url, caBundle: Buffer.from(authority.certificatePem).toString('base64') },
    namespaceSelector: { matchLabels: { webhook: name } },
    rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: [resource] }],
  }
  await admin.request({ method: 'POST', path: PATH, body: { metadata: { name }, webhooks: [hook] } })
  return Object.assign(webhook, {
    async [Symbol.asyncDispose]() {
      await admin.request({ method: 'DELETE', path: `${PATH}/${name}` })
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    },
  })
}

/**
 * Waits until the API server calls the webhook for a namespace, because the API server notices
 * webhooks and namespaces with a delay.
 */
export async function untilWebhookCalled(
  admin: KubeClient,
  webhook: AdmissionWebhook,
  namespace: string,
): Promise<void> {
  const { respond } = webhook
  let called = false
  webhook.respond = (request) => {
    if (!request.dryRun) return respond(request)
    called = true
    return 'allow'
  }
  await eventually(async () => {
    for (const [resource, body] of [
      ['secrets', { metadata: { name: 'probe' } }],
      ['serviceaccounts', { metadata: { name: 'probe' } }],
    ] as const) {
      const path = `/api/v1/namespaces/${namespace}/${resource}`
      await admin.request({ method: 'POST', path, query: { dryRun: 'All' }, body })
    }
    if (!called) throw new Error(`the webhook of ${namespace} has not been called yet`)
  }, 30_000)
  webhook.respond = respond
}
