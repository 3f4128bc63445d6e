import { parseImage } from '../../acr/image-reference.ts'
import { ok, type PodCheck, wrong } from './pod-context.ts'

/** Whether the node requests this image from a registry at all. */
export const imageCheck: PodCheck = {
  name: 'image',
  check: (pod, { image, waiting }) => {
    const { host } = parseImage(image)
    const describe = `kubectl -n ${pod.namespace} describe pod ${pod.name}`
    if (waiting === 'InvalidImageName' || /^https?:\/\//.test(image)) {
      return wrong({
        id: 'POD_IMAGE_NAME',
        cause: `${image} is not the name of an image.`,
        fix: 'Write host/namespace/name:tag where the Pod is made: no https:// before it, no capitals in the path, no blanks.',
        command: describe,
      })
    }
    if (waiting === 'ErrImageNeverPull') {
      return wrong({
        id: 'POD_NEVER_PULLS',
        cause: 'imagePullPolicy is Never: the node takes what it has, and it has not pulled this image for this Pod.',
        fix: 'Set imagePullPolicy: IfNotPresent where the Pod is made.',
        command: describe,
      })
    }
    return ok(host)
  },
}
