// Runs the command itself: its input and output are ours, and each signal reaches it exactly once.
import { spawn } from 'node:child_process'
import { EXIT_CODES } from './failures.mjs'

// npm passes a terminal's Ctrl-C on to us besides the terminal's own signal: two within this time
// are one.
const SAME_SIGNAL_MS = 400

/** Runs a program to its end and answers its exit code (128 + n when a signal ended it or us). */
export function runInForeground(program, args, env) {
  return new Promise((resolve, reject) => {
    // A session of its own, so that a terminal's Ctrl-C reaches it through us alone.
    const child = spawn(program, args, { env, stdio: 'inherit', detached: true })
    let ended
    let last = Number.NEGATIVE_INFINITY
    const listeners = Object.keys(EXIT_CODES).map((signal) => {
      const listener = () => {
        const now = performance.now()
        if (now - last < SAME_SIGNAL_MS && ended === signal) return
        last = now
        ended = signal
        child.kill(signal)
      }
      process.on(signal, listener)
      return [signal, listener]
    })
    const finish = () => {
      for (const [signal, listener] of listeners) process.removeListener(signal, listener)
    }
    child.on('error', (error) => {
      finish()
      reject(error)
    })
    child.on('exit', (code, signal) => {
      finish()
      resolve(ended ? EXIT_CODES[ended] : (code ?? EXIT_CODES[signal] ?? 1))
    })
  })
}
