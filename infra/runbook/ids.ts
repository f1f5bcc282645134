import anyAscii from 'any-ascii';

/**
 * `Super Bowl push!` → `super-bowl-push`, `林美玲` → `lin-mei-ling`, `Łukasz Żak` → `lukasz-zak`; of what has no letter and no
 * digit, `otherwise`. Characters that are a syllable each are words of their own, as a name is read.
 */
export function idOf(text: string, most: number, otherwise: string): string {
  const plain = text
    .normalize('NFKC')
    .replaceAll(/[\p{Script=Han}\p{Script=Hangul}]/gu, (char) => ` ${anyAscii(char)} `)
    .replaceAll(/[\p{L}\p{M}\p{N}]+/gu, (word) => anyAscii(word).replaceAll(/[^A-Za-z0-9]/g, ''))
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-');
  return (
    plain
      .replaceAll(/^-+|-+$/g, '')
      .slice(0, most)
      .replace(/-+$/, '') || otherwise
  );
}

/** `person`, and for the next one `person-2`; it is taken from then on. */
export function freeId(wanted: string, taken: Set<string>): string {
  let id = wanted;
  for (let n = 2; taken.has(id); n += 1) id = `${wanted.slice(0, 36)}-${n}`;
  taken.add(id);
  return id;
}
