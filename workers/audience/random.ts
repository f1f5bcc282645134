/** Deterministic numbers for sample data: sfc32, seeded by FNV-1a of the text. Not for secrets. */
export interface Random {
  /** A 32-bit unsigned integer. */
  next(): number;
  /** 0 <= x < 1. */
  unit(): number;
}

export function seededRandom(seed: string): Random {
  let a = fnv1a(seed, 0x811c9dc5) | 0;
  let b = fnv1a(seed, 0x9e3779b9) | 0;
  let c = fnv1a(seed, 0x85ebca6b) | 0;
  let d = 1;
  const next = (): number => {
    const t = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return t >>> 0;
  };
  for (let i = 0; i < 16; i++) next();
  return { next, unit: () => next() / 0x1_0000_0000 };
}

function fnv1a(text: string, start: number): number {
  let hash = start;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash;
}

/** Picks by weight; the weights need not sum to one. */
export function weighted<T>(entries: readonly (readonly [T, number])[]): (random: Random) => T {
  const ends: number[] = [];
  let total = 0;
  for (const [, weight] of entries) ends.push((total += weight));
  return (random) => {
    const at = random.unit() * total;
    for (let i = 0; i < ends.length; i++) if (at < (ends[i] ?? 0)) return entries[i]![0];
    return entries[entries.length - 1]![0];
  };
}
