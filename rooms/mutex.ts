/** Work of which only one piece is done at a time. */
export class Mutex {
  /** Resolves when no work is under way or waits. */
  #free: Promise<void> = Promise.resolve();

  /**
   * Does `work` once all that came before is done, and answers what it answers.
   *
   * @throws {unknown} the reason of `signal`, at once, when it is aborted before that.
   */
  async run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted();
    const turn = this.#free;
    const { promise: over, resolve: end } = Promise.withResolvers<void>();
    this.#free = turn.then(() => over);
    const aborted = Promise.withResolvers<never>();
    const abort = () => aborted.reject(signal?.reason);
    signal?.addEventListener("abort", abort);
    try {
      await Promise.race([turn, aborted.promise]);
      return await work();
    } finally {
      signal?.removeEventListener("abort", abort);
      end();
    }
  }
}
