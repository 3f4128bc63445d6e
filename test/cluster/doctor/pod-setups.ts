import { SECRET } from '../helper-kit.ts'
import { gone, IMAGE, untilAttached, untilBare } from './pod-actions.ts'
import type { PodBed } from './pod-bed.ts'
import type { BrokenSetup } from './setup.ts'

type Setup = BrokenSetup<PodBed>

const reference = { imagePullSecrets: [{ name: SECRET }] }
const SHOP_SECRET = `/api/v1/namespaces/shop/secrets/${SECRET}`
const SHOP_ACCOUNT = '/api/v1/namespaces/shop/serviceaccounts/default'

/** Why one Pod does not pull; `doctor pod` is asked. */
export const POD_SETUPS: readonly Setup[] = [
  {
    title: 'its image is of an instance that no registry of the values covers',
    id: 'POD_UNCOVERED',
    args: ['pod', 'shop/uncovered'],
    make: (bed) => bed.pod('shop', 'uncovered', 'other-registry.cn-beijing.cr.aliyuncs.com/team/app:1'),
    says: /No registry of the release covers other-registry\.cn-beijing\.cr\.aliyuncs\.com \(it has demo, legacy\)/,
    fix: gone('shop', 'uncovered'),
  },
  {
    title: 'its namespace is none of the targets',
    id: 'POD_NOT_TARGETED',
    args: ['pod', 'kube-system/untargeted'],
    make: (bed) => bed.pod('kube-system', 'untargeted', IMAGE),
    says: /Namespace kube-system is not a target of registry demo/,
    fix: gone('kube-system', 'untargeted'),
  },
  {
    title: 'its ServiceAccount is none of the targets',
    id: 'POD_NOT_TARGETED',
    args: ['pod', 'shop/built'],
    make: (bed) => bed.pod('shop', 'built', IMAGE, { serviceAccountName: 'builder' }),
    says: /ServiceAccount builder is not one of `targets\.serviceAccounts`/,
    fix: gone('shop', 'built'),
  },
  {
    title: 'its namespace opted out',
    id: 'POD_OPTED_OUT',
    args: ['pod', 'quiet/left-out'],
    make: async (bed) => {
      await bed.helper.closedNamespace('quiet')
      await bed.pod('quiet', 'left-out', IMAGE)
    },
    says: /kubectl .*label namespace quiet acr-nopass\.io\/skip-/,
    fix: gone('quiet', 'left-out'),
  },
  {
    title: 'its ServiceAccount opted out',
    id: 'POD_OPTED_OUT',
    args: ['pod', 'shop/shy'],
    make: async (bed) => {
      const metadata = { name: 'shy', annotations: { 'acr-nopass.io/skip': 'true' } }
      await bed.helper.create('/api/v1/namespaces/shop/serviceaccounts', { metadata })
      await bed.pod('shop', 'shy', IMAGE, { serviceAccountName: 'shy' })
    },
    says: /kubectl .*-n shop annotate serviceaccount shy acr-nopass\.io\/skip-/,
    fix: gone('shop', 'shy'),
  },
  {
    title: 'it names pull secrets of its own',
    id: 'POD_MASKED',
    args: ['pod', 'shop/masked'],
    make: (bed) => bed.pod('shop', 'masked', IMAGE, { imagePullSecrets: [{ name: 'own' }] }),
    says: /names its own pull secrets \(own\)[\s\S]*Add \{name: acr-nopass\}/,
    fix: gone('shop', 'masked'),
  },
  {
    title: 'it was admitted before its ServiceAccount had the reference',
    id: 'POD_TOO_OLD',
    args: ['pod', 'late/early'],
    make: async (bed) => {
      await bed.helper.closedNamespace('late')
      await bed.pod('late', 'early', IMAGE)
      await bed.helper.open('late')
      await untilAttached(bed, 'late')
    },
    says: /kubectl .*-n late get pod early -o yaml/,
    fix: gone('late', 'early'),
  },
  {
    title: 'its ServiceAccount lacks the reference, and no helper runs',
    id: 'POD_UNREFERENCED',
    args: ['pod', 'shop/bare'],
    make: async (bed) => {
      await bed.helper.scale(0)
      await bed.helper.patch(SHOP_ACCOUNT, { imagePullSecrets: [] })
      await untilBare(bed, 'shop')
      await bed.pod('shop', 'bare', IMAGE)
    },
    says: /ServiceAccount default does not name acr-nopass/,
    fix: back('bare'),
  },
  {
    title: 'there is no Secret, and no helper runs',
    id: 'POD_WITHOUT_SECRET',
    args: ['pod', 'shop/lone'],
    make: async (bed) => {
      await bed.helper.scale(0)
      await bed.helper.remove(SHOP_SECRET)
      await bed.pod('shop', 'lone', IMAGE, reference)
    },
    says: /There is no Secret acr-nopass in namespace shop/,
    fix: back('lone'),
  },
  {
    title: "the Secret of that name is somebody else's",
    id: 'POD_CREDENTIAL',
    args: ['pod', 'theirs/guest'],
    make: async (bed) => {
      await bed.helper.closedNamespace('theirs')
      await bed.helper.create('/api/v1/namespaces/theirs/secrets', {
        metadata: { name: SECRET },
        stringData: { key: 'x' },
      })
      await bed.helper.open('theirs')
      await bed.pod('theirs', 'guest', IMAGE, reference)
    },
    says: /Secret acr-nopass in namespace theirs belongs to another owner/,
    fix: async (bed) => {
      await bed.removePod('theirs', 'guest')
      await bed.helper.remove(`/api/v1/namespaces/theirs/secrets/${SECRET}`)
    },
  },
]

function back(pod: string) {
  return async (bed: PodBed): Promise<void> => {
    await bed.removePod('shop', pod)
    await bed.helper.scale(1)
    await untilAttached(bed, 'shop')
  }
}
