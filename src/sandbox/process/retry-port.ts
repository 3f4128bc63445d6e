import { NopassError } from '../../errors.ts'

/** Starts a server on a port that was free a moment ago; when another program was faster, once more on the next. */
export async function retryPort<T>(start: () => Promise<T>, attempts = 4): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start()
    } catch (error) {
      const taken = error instanceof NopassError && /address already in use/i.test(error.message)
      if (!taken || attempt === attempts) throw error
    }
  }
}
