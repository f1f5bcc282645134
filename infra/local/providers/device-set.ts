/**
 * Devices by a 64-bit hash of their token, with a mask of the shots that reached them: 12 bytes a place,
 * so 6 million devices take about 100 MB. Two of 6 million share a hash with a chance of one in a million.
 *
 * The set is cut into stripes that grow one at a time: a growth moves a few ten thousand places (about a
 * millisecond), where one big table would stop the server for a good part of a second amid a blast.
 */
const stripeBits = 7;
const stripes = 1 << stripeBits;
const firstPlaces = 16;
const fullest = 0.75;

export class DeviceSet {
  readonly #stripes: Stripe[] = Array.from({ length: stripes }, () => new Stripe());

  /** `high` and `low` as int32 or uint32, which are the same. Marks the device with `bit` (a non-zero uint32 bit) and returns its mask before: 0 if it was never seen. */
  mark(high: number, low: number, bit: number): number {
    return (this.#stripes[high >>> (32 - stripeBits)] as Stripe).mark(high | 0, low | 0, bit);
  }

  get size(): number {
    return this.#stripes.reduce((sum, stripe) => sum + stripe.size, 0);
  }
}

class Stripe {
  size = 0;
  /** Triples high, low, mask; a place with mask 0 is empty. */
  #places = new Int32Array(firstPlaces * 3);
  #last = firstPlaces - 1;

  mark(high: number, low: number, bit: number): number {
    const places = this.#places;
    let at = this.#find(places, high, low);
    const before = places[at + 2] as number;
    if (before === 0 && this.size >= fullest * (this.#last + 1)) {
      this.#grow();
      at = this.#find(this.#places, high, low);
    }
    if (before === 0) {
      this.size += 1;
      this.#places[at] = high;
      this.#places[at + 1] = low;
    }
    this.#places[at + 2] = before | bit;
    return before >>> 0;
  }

  #find(places: Int32Array, high: number, low: number): number {
    const last = this.#last;
    let place = low & last;
    for (;;) {
      const at = place * 3;
      if (places[at + 2] === 0 || (places[at] === high && places[at + 1] === low)) return at;
      place = (place + 1) & last;
    }
  }

  #grow(): void {
    const old = this.#places;
    const places = new Int32Array(old.length * 2);
    this.#last = places.length / 3 - 1;
    this.#places = places;
    for (let from = 0; from < old.length; from += 3) {
      const mask = old[from + 2] as number;
      if (mask === 0) continue;
      const at = this.#find(places, old[from] as number, old[from + 1] as number);
      places[at] = old[from] as number;
      places[at + 1] = old[from + 1] as number;
      places[at + 2] = mask;
    }
  }
}
