import { hash } from 'node:crypto';
import { z } from 'zod';
import { sha256 } from './sha256.ts';

/** A chain has 2^31 places at most; one that is full is none that anybody has written. */
const DEPTH = 31;
export const SECRET_BYTES = 32;

/** A node of the tree: it gives every leaf from `index * 2^(DEPTH - depth)` on, as many as are under it. */
interface Node {
  depth: number;
  index: number;
  seed: Buffer;
}

const stored = z.strictObject({
  v: z.literal(1),
  nodes: z.array(
    z.tuple([z.int().min(0).max(DEPTH), z.int().min(0), z.base64().length(4 * Math.ceil(SECRET_BYTES / 3))]),
  ),
});

/**
 * One key for each place of a chain, out of one secret, so that the key of one place can be deleted and the others stay: the tree of Goldreich, Goldwasser
 * and Micali (1986), in which a node gives its two children, and nobody gets from a node to what stands above or beside it. `without` a place there is no
 * secret any more, but the nodes beside the way to it: they give all other leaves. It never changes; another tree is another one.
 */
export class KeyTree {
  readonly #nodes: ReadonlyMap<string, Node>;
  /** The way to the leaf that was asked for last: the next place of a chain is mostly beside it. */
  readonly #way: Node[] = [];

  private constructor(nodes: readonly Node[]) {
    this.#nodes = new Map(nodes.map((node) => [placeOf(node), node]));
  }

  static of(secret: Buffer): KeyTree {
    return new KeyTree([{ depth: 0, index: 0, seed: secret }]);
  }

  /** Null: these are not the bytes of one. */
  static read(bytes: Uint8Array): KeyTree | null {
    try {
      const { nodes } = stored.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
      return new KeyTree(nodes.map(([depth, index, seed]) => ({ depth, index, seed: Buffer.from(seed, 'base64') })));
    } catch {
      // Whoever may write the bucket may have put anything there: it opens nothing.
      return null;
    }
  }

  /** The same tree has the same bytes, whichever way it came to be. */
  get bytes(): Buffer {
    const nodes = [...this.#nodes.values()]
      .toSorted((a, b) => firstOf(a) - firstOf(b))
      .map(({ depth, index, seed }) => [depth, index, seed.toString('base64')]);
    return Buffer.from(JSON.stringify({ v: 1, nodes }));
  }

  /** By which boxes name it; null once a place is missing. */
  get name(): string | null {
    const root = this.#nodes.get(placeOf({ depth: 0, index: 0 }));
    return root === undefined ? null : sha256(root.seed);
  }

  holds(place: number): boolean {
    return this.#nodeOver(place) !== undefined;
  }

  /** The key of this place; null: it was deleted. */
  keyOf(place: number): Buffer | null {
    let from = DEPTH;
    while (from >= 0 && this.#known(place, from) === undefined) from -= 1;
    let node = this.#known(place, from);
    if (node === undefined) return null;
    this.#way[from] = node;
    for (let depth = from + 1; depth <= DEPTH; depth += 1) {
      node = childOf(node, above(place, depth).index);
      this.#way[depth] = node;
    }
    return node.seed;
  }

  #known(place: number, depth: number): Node | undefined {
    const { index } = above(place, depth);
    const last = this.#way[depth];
    return last?.index === index ? last : this.#nodes.get(placeOf({ depth, index }));
  }

  without(places: Iterable<number>): KeyTree {
    const under = Map.groupBy(new Set(places), (place) => this.#nodeOver(place));
    return new KeyTree([...this.#nodes.values()].flatMap((node) => left(node, under.get(node) ?? [])));
  }

  /** What this one and another one of the same secret both give. */
  inCommon(other: KeyTree): KeyTree {
    const covered = (of: KeyTree, by: KeyTree) => [...of.#nodes.values()].filter((node) => by.#covers(node));
    return new KeyTree([...covered(this, other), ...covered(other, this)]);
  }

  #covers(node: Node): boolean {
    const over = this.#nodeOver(firstOf(node));
    return over !== undefined && over.depth <= node.depth;
  }

  #nodeOver(place: number): Node | undefined {
    for (let depth = 0; depth <= DEPTH; depth += 1) {
      const node = this.#nodes.get(placeOf(above(place, depth)));
      if (node !== undefined) return node;
    }
    return undefined;
  }
}

/** What a node gives without these leaves of it. */
function left(node: Node, gone: readonly number[]): Node[] {
  if (gone.length === 0) return [node];
  if (node.depth === DEPTH) return [];
  return [0, 1].flatMap((side) => {
    const index = node.index * 2 + side;
    return left(
      childOf(node, index),
      gone.filter((place) => above(place, node.depth + 1).index === index),
    );
  });
}

const placeOf = ({ depth, index }: Pick<Node, 'depth' | 'index'>): string => `${depth}/${index}`;

/** The first place that it gives. */
const firstOf = ({ depth, index }: Node): number => index * 2 ** (DEPTH - depth);

/** What stands above a place, so far from the root. */
const above = (place: number, depth: number) => ({ depth, index: Math.floor(place / 2 ** (DEPTH - depth)) });

/** Of 33 bytes; the name of a tree is the hash of 32. An HMAC would cost ten times as much, and a chain has two of these a message. */
function childOf({ depth, seed }: Node, index: number): Node {
  const half = Buffer.allocUnsafe(1 + SECRET_BYTES);
  half[0] = index % 2;
  seed.copy(half, 1);
  return { depth: depth + 1, index, seed: hash('sha256', half, 'buffer') };
}
