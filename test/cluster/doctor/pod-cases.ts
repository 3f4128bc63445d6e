import { SECRET } from '../helper-cluster.ts'
import type { BrokenCase } from './case.ts'
import { DENIED, deletePod, IMAGE, untilAttached, untilBare, waitingPod } from './pod-actions.ts'
import type { PodFixture } from './pod-fixture.ts'

type Case = BrokenCase<PodFixture>

const reference = { imagePullSecrets: [{ name: SECRET }] }
const SHOP_SECRET = `/api/v1/namespaces/shop/secrets/${SECRET}`
const SHOP_ACCOUNT = '/api/v1/namespaces/shop/serviceaccounts/default'

/** Cases in which one Pod cannot pull, as `doctor pod` reports them. */
export const POD_CASES: readonly Case[] = [
  {
    title: "no registry in the values covers the instance of the Pod's image",
    id: 'POD_UNCOVERED',
    args: ['pod', 'shop/uncovered'],
    make: (fixture) => fixture.pod('shop', 'uncovered', 'other-registry.cn-beijing.cr.aliyuncs.com/team/app:1'),
    message: /No registry of the release covers other-registry\.cn-beijing\.cr\.aliyuncs\.com \(it has demo, legacy\)/,
    fix: deletePod('shop', 'uncovered'),
  },
  {
    title: "the Pod's namespace is not a target",
    id: 'POD_NOT_TARGETED',
    args: ['pod', 'kube-system/untargeted'],
    make: (fixture) => fixture.pod('kube-system', 'untargeted', IMAGE),
    message: /Namespace kube-system is not a target of registry demo/,
    fix: deletePod('kube-system', 'untargeted'),
  },
  {
    title: "the Pod's ServiceAccount is not a target",
    id: 'POD_NOT_TARGETED',
    args: ['pod', 'shop/built'],
    make: (fixture) => fixture.pod('shop', 'built', IMAGE, { serviceAccountName: 'builder' }),
    message: /ServiceAccount builder is not one of `targets\.serviceAccounts`/,
    fix: deletePod('shop', 'built'),
  },
  {
    title: "the Pod's namespace opted out",
    id: 'POD_OPTED_OUT',
    args: ['pod', 'quiet/left-out'],
    make: async (fixture) => {
      await fixture.helper.closedNamespace('quiet')
      await fixture.pod('quiet', 'left-out', IMAGE)
    },
    message: /kubectl .*label namespace quiet acr-nopass\.io\/skip-/,
    fix: deletePod('quiet', 'left-out'),
  },
  {
    title: "the Pod's ServiceAccount opted out",
    id: 'POD_OPTED_OUT',
    args: ['pod', 'shop/shy'],
    make: async (fixture) => {
      const metadata = { name: 'shy', annotations: { 'acr-nopass.io/skip': 'true' } }
      await fixture.helper.create('/api/v1/namespaces/shop/serviceaccounts', { metadata })
      await fixture.pod('shop', 'shy', IMAGE, { serviceAccountName: 'shy' })
    },
    message: /kubectl .*-n shop annotate serviceaccount shy acr-nopass\.io\/skip-/,
    fix: deletePod('shop', 'shy'),
  },
  {
    title: 'the Pod has pull secrets of its own',
    id: 'POD_HAS_OWN_PULL_SECRETS',
    args: ['pod', 'shop/masked'],
    make: (fixture) => fixture.pod('shop', 'masked', IMAGE, { imagePullSecrets: [{ name: 'own' }] }),
    message: /names its own pull secrets \(own\)[\s\S]*Add \{name: acr-nopass\}/,
    fix: deletePod('shop', 'masked'),
  },
  {
    title: 'the Pod was admitted before its ServiceAccount had the reference',
    id: 'POD_TOO_OLD',
    args: ['pod', 'late/early'],
    make: async (fixture) => {
      await fixture.helper.closedNamespace('late')
      await waitingPod(fixture, 'late', 'early', IMAGE, { reason: 'ErrImagePull', message: DENIED })
      await fixture.helper.open('late')
      await untilAttached(fixture, 'late')
    },
    message: /kubectl .*-n late get pod early -o yaml/,
    fix: deletePod('late', 'early'),
  },
  {
    title: "the Pod's ServiceAccount lacks the reference, and no helper runs",
    id: 'POD_UNREFERENCED',
    args: ['pod', 'shop/bare'],
    make: async (fixture) => {
      await fixture.helper.scale(0)
      await fixture.helper.patch(SHOP_ACCOUNT, { imagePullSecrets: [] })
      await untilBare(fixture, 'shop')
      await fixture.pod('shop', 'bare', IMAGE)
    },
    message: /ServiceAccount default does not name acr-nopass/,
    fix: back('bare'),
  },
  {
    title: 'the Secret does not exist, and no helper runs',
    id: 'POD_WITHOUT_SECRET',
    args: ['pod', 'shop/lone'],
    make: async (fixture) => {
      await fixture.helper.scale(0)
      await fixture.helper.remove(SHOP_SECRET)
      await fixture.pod('shop', 'lone', IMAGE, reference)
    },
    message: /There is no Secret acr-nopass in namespace shop/,
    fix: back('lone'),
  },
  {
    title: 'the Secret with that name belongs to another client',
    id: 'POD_CREDENTIAL',
    args: ['pod', 'theirs/guest'],
    make: async (fixture) => {
      await fixture.helper.closedNamespace('theirs')
      await fixture.helper.create('/api/v1/namespaces/theirs/secrets', {
        metadata: { name: SECRET },
        stringData: { key: 'x' },
      })
      await fixture.helper.open('theirs')
      await fixture.pod('theirs', 'guest', IMAGE, reference)
    },
    message: /Secret acr-nopass in namespace theirs belongs to another owner/,
    fix: async (fixture) => {
      await fixture.removePod('theirs', 'guest')
      await fixture.helper.remove(`/api/v1/namespaces/theirs/secrets/${SECRET}`)
    },
  },
]

function back(pod: string) {
  return async (fixture: PodFixture): Promise<void> => {
    await fixture.removePod('shop', pod)
    await fixture.helper.scale(1)
    await untilAttached(fixture, 'shop')
  }
}
