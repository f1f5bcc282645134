/**
 * The same links of a chain, and how often their hashes were read, turn by turn of this thread's loop: what is made of a chain reads each
 * of them many times, and one that is copied for another thread is read once. It says without a clock what this thread has done.
 */
export function countedReads<T extends { hash: string }>(
  links: readonly T[],
  onRead: () => void = () => undefined,
): { links: T[]; readsByTurn: number[] } {
  const readsByTurn: number[] = [];
  let isSameTurn = false;
  const read = (): void => {
    if (!isSameTurn) {
      isSameTurn = true;
      readsByTurn.push(0);
      setImmediate(() => (isSameTurn = false));
    }
    readsByTurn.push((readsByTurn.pop() ?? 0) + 1);
    onRead();
  };
  const countedLink = (link: T): T =>
    Object.defineProperty({ ...link }, 'hash', {
      enumerable: true,
      get: () => {
        read();
        return link.hash;
      },
    });
  return { links: links.map(countedLink), readsByTurn };
}
