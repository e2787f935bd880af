/**
 * Bytes that stay, for minutes or for years: they are copied into larger pieces of memory of their own. In Node's pool they
 * would lie side by side with buffers that are forgotten at once, and each would keep its neighbours' memory; each in a piece
 * of its own, they would cost an allocation and some hundred bytes apiece.
 */
export class Slab {
  readonly #pieceBytes: number;
  #bytes = Buffer.alloc(0);
  #used = 0;

  /** @param pieceBytes how much is allocated at once: as long as one of its buffers is kept, all of a piece is. 16 KiB if left out */
  constructor(pieceBytes = 16 * 1024) {
    this.#pieceBytes = pieceBytes;
  }

  /** A copy of `bytes`. */
  copy(bytes: Buffer): Buffer {
    const room = this.#room(bytes.length);
    room.set(bytes);
    return room;
  }

  #room(length: number): Buffer {
    if (length > this.#pieceBytes / 4) return Buffer.allocUnsafeSlow(length);
    if (this.#used + length > this.#bytes.length) {
      this.#bytes = Buffer.allocUnsafeSlow(this.#pieceBytes);
      this.#used = 0;
    }
    return this.#bytes.subarray(this.#used, (this.#used += length));
  }
}
