/** Pieces smaller than this are copied together (bytes). */
const SMALL = 16 * 1024
const BLOCK = 64 * 1024

/**
 * Collects the pieces of a body. Small ones are copied into blocks: a server that sends one byte at a time would otherwise
 * cost a buffer, and the whole block that the socket read it into, for each byte.
 */
export class ByteCollector {
  #parts: Uint8Array[] = []
  #block: Buffer | undefined
  #used = 0
  #size = 0

  get size(): number {
    return this.#size
  }

  add(piece: Uint8Array): void {
    this.#size += piece.length
    if (piece.length >= SMALL || this.#size === piece.length) {
      this.#closeBlock()
      this.#parts.push(piece)
      return
    }
    if (this.#used + piece.length > BLOCK) this.#closeBlock()
    this.#block ??= Buffer.allocUnsafeSlow(BLOCK)
    this.#block.set(piece, this.#used)
    this.#used += piece.length
  }

  /** All bytes so far; the collector is empty then. One piece comes back itself, not as a copy. */
  take(): Buffer {
    this.#closeBlock()
    const [first] = this.#parts
    const whole =
      first !== undefined && this.#parts.length === 1
        ? Buffer.from(first.buffer, first.byteOffset, first.byteLength)
        : Buffer.concat(this.#parts)
    this.#parts = []
    this.#size = 0
    return whole
  }

  #closeBlock(): void {
    if (this.#block !== undefined) this.#parts.push(this.#block.subarray(0, this.#used))
    this.#block = undefined
    this.#used = 0
  }
}
