const NOTHING = Buffer.alloc(0)

/**
 * Collects the chunks of a body in one buffer that doubles when it is full. If a peer sends single
 * bytes, a list of chunks would cost many times the memory of the bytes.
 */
export class ByteCollector {
  #bytes: Buffer = NOTHING
  #size = 0

  get size(): number {
    return this.#size
  }

  add(chunk: Uint8Array): void {
    const size = this.#size + chunk.length
    if (this.#size === 0) this.#bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    else {
      if (size > this.#bytes.length) {
        const larger = Buffer.allocUnsafe(Math.max(size, 2 * this.#bytes.length))
        larger.set(this.#bytes.subarray(0, this.#size))
        this.#bytes = larger
      }
      this.#bytes.set(chunk, this.#size)
    }
    this.#size = size
  }

  /** Returns all bytes and empties the collector. A single chunk is returned without a copy. */
  take(): Buffer {
    const whole = this.#bytes.subarray(0, this.#size)
    this.#bytes = NOTHING
    this.#size = 0
    return whole
  }
}
