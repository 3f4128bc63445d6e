import { createNamespace, createPod, untilPod } from '../demo-pods.ts'
import type { DemoStep } from '../demo-step.ts'

/** Step 1: without a credential the pull fails, so the image is really private. */
export const rejectedPull: DemoStep = {
  title: 'before: a Pod with a private image',
  proves: 'the registry rejects pulls without a credential',
  needsNode: true,
  async run({ environment, print, signal }, step) {
    const { admin } = environment.production.cluster
    const pod = { namespace: 'before', name: 'app' }
    await createNamespace(admin, pod.namespace, signal)
    await createPod(admin, pod, environment.appImage, signal)
    step.update('waiting for the kubelet')
    const message = await untilPod(admin, pod, /^(ErrImagePull|ImagePullBackOff)$/, signal)
    print(`  ${environment.appImage}\n  kubelet: ${message.slice(0, 600)}`)
    await admin.request({ method: 'DELETE', path: `/api/v1/namespaces/${pod.namespace}` }, signal)
    return 'ErrImagePull, as expected'
  },
}
