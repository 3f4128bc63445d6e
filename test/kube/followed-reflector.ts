import { createKubeClient } from '../../src/kube/client.ts'
import type { KubeObject } from '../../src/kube/types.ts'
import { createReflector, type Reflector } from '../../src/kube/watch/reflector.ts'
import { createFakeClock, type FakeClock } from './fake-clock.ts'
import { type FakeListServer, startFakeListServer } from './fake-list-server.ts'

/** The fields of an object that the tests keep. */
export type View = { readonly uid: string; readonly resourceVersion: string }

/** A reflector connected to a server with faults, and everything that it has reported. */
interface Followed {
  readonly server: FakeListServer
  readonly clock: FakeClock
  readonly reflector: Reflector<View>
  readonly changes: string[]
  readonly problems: { code: unknown; wait: number }[]
  /** One entry for each time that the reflector found that the server's versions went back. */
  readonly rewound: true[]
  /** Resolves once the condition holds. It is checked after each change. */
  until(condition: () => boolean): Promise<void>
}

/** Runs the work while a reflector of namespaces runs, and stops the reflector afterwards. */
export async function follow(
  work: (followed: Followed) => Promise<void>,
  options: { pageSize?: number; prepare?: (server: FakeListServer) => void; handler?: (key: string) => void } = {},
): Promise<void> {
  await using server = await startFakeListServer()
  options.prepare?.(server)
  const clock = createFakeClock()
  const client = createKubeClient(server.connection)
  const changes: string[] = []
  const problems: { code: unknown; wait: number }[] = []
  const rewound: true[] = []
  const waiting: { isMet: () => boolean; resolve: () => void }[] = []
  const check = (): void => {
    for (const one of [...waiting]) if (one.isMet()) one.resolve()
  }
  const note = (text: string): void => {
    changes.push(text)
    check()
  }
  const reflector = createReflector<KubeObject, View>({
    client,
    clock,
    random: () => 0.5,
    path: '/api/v1/namespaces',
    features: { watchList: true },
    ...(options.pageSize === undefined ? {} : { pageSize: options.pageSize }),
    transform: ({ metadata }) => ({ uid: metadata.uid, resourceVersion: metadata.resourceVersion }),
    onChange: (key, current, previous) => {
      note(`${current === undefined ? '-' : previous === undefined ? '+' : '~'}${key}`)
      options.handler?.(key)
    },
    onSynced: () => note('synced'),
    onRewound: () => rewound.push(true),
    onProblem: (error, wait) => {
      problems.push({ code: (error as { code?: unknown }).code ?? (error as Error).message, wait })
      check()
    },
  })
  const stop = new AbortController()
  const done = reflector.run(stop.signal)
  const until = (isMet: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      if (isMet()) resolve()
      else waiting.push({ isMet, resolve })
    })
  try {
    await work({ server, clock, reflector, changes, problems, until, rewound })
  } finally {
    stop.abort()
    await done
    client.close()
  }
}
