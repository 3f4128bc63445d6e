import { cpus } from 'node:os'

/** Returns how many cores were idle since its last call, on average. */
export function createIdleMeter(read: typeof cpus = cpus): () => number {
  let last = total(read())
  return () => {
    const now = total(read())
    const [idle, all] = [now.idle - last.idle, now.all - last.all]
    last = now
    return all === 0 ? 0 : (idle / all) * now.cores
  }
}

function total(cores: ReturnType<typeof cpus>): {
  readonly idle: number
  readonly all: number
  readonly cores: number
} {
  const times = cores.map(({ times }) => times)
  return {
    idle: times.reduce((sum, { idle }) => sum + idle, 0),
    all: times.reduce((sum, { user, nice, sys, idle, irq }) => sum + user + nice + sys + idle + irq, 0),
    cores: cores.length,
  }
}
