// Runs the command itself. The command uses our input and output, and each signal reaches it
// exactly once.
import { spawn } from 'node:child_process'
import { EXIT_CODES } from './failures.mjs'

// npm forwards a terminal's Ctrl-C in addition to the terminal's own signal. Two equal signals
// within this time count as one.
const SAME_SIGNAL_MS = 400

/**
 * Runs a program until it exits. Returns its exit code (128 + n if a signal ended the program or
 * this process).
 */
export function runInForeground(program, args, env) {
  return new Promise((resolve, reject) => {
    // The child gets a session of its own, so that a terminal's Ctrl-C reaches it only through this
    // process.
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
