/** `Super Bowl push!` → `super-bowl-push`; of a name without a letter from a to z or a digit, `otherwise`. */
export function idOf(text: string, most: number, otherwise: string): string {
  const plain = text
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/\p{M}/gu, '')
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
