/** Chunks smaller than this are copied together (bytes). */
const SMALL = 16 * 1024
const BLOCK = 64 * 1024

/**
 * Collects the chunks of a body. Small ones are copied into blocks: otherwise each would keep the whole buffer alive that the
 * socket read it into.
 */
export class ByteCollector {
  #parts: Uint8Array[] = []
  #block: Buffer | undefined
  #used = 0
  #size = 0

  get size(): number {
    return this.#size
  }

  add(chunk: Uint8Array): void {
    this.#size += chunk.length
    if (chunk.length >= SMALL || this.#size === chunk.length) {
      this.#closeBlock()
      this.#parts.push(chunk)
      return
    }
    if (this.#used + chunk.length > BLOCK) this.#closeBlock()
    this.#block ??= Buffer.allocUnsafeSlow(BLOCK)
    this.#block.set(chunk, this.#used)
    this.#used += chunk.length
  }

  /** Returns all bytes and empties the collector. A single chunk is returned without a copy. */
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
