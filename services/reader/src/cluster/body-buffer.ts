const FIRST_BYTES = 16_384;

/** Reads bodies, one after the other, into the same memory. */
export class BodyBuffer {
  #memory = Buffer.alloc(0);

  /**
   * Reads the first bytes of a body; what is beyond is dropped together with the connection.
   * @returns the bytes, which are valid until the next body is read, and whether there are no more
   */
  async read(
    body: AsyncIterable<Uint8Array>,
    limit: number,
  ): Promise<{ readonly bytes: Buffer; readonly whole: boolean }> {
    let length = 0;
    for await (const chunk of body) {
      const end = length + chunk.length;
      this.#reserve(Math.min(end, limit), length, limit);
      this.#memory.set(end > limit ? chunk.subarray(0, limit - length) : chunk, length);
      length = end;
      if (length > limit) break;
    }
    return { bytes: this.#memory.subarray(0, Math.min(length, limit)), whole: length <= limit };
  }

  #reserve(needed: number, used: number, limit: number): void {
    if (needed <= this.#memory.length) return;
    const size = Math.max(needed, Math.min(limit, 2 * this.#memory.length), FIRST_BYTES);
    // Not of the pool that small buffers share.
    const larger = Buffer.allocUnsafeSlow(size);
    larger.set(this.#memory.subarray(0, used));
    this.#memory = larger;
  }
}
