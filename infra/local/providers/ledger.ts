import { closeSync, fstatSync, fsyncSync, ftruncateSync, mkdirSync, openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { counts } from '../../../runbooks/launch/counts.ts';
import type { Judge, Witness } from './judge.ts';
import type { Phone, Phones } from './phones.ts';
import type { Tally } from './tally.ts';

/**
 * Keeps the judge's counts on disk: an append-only file of blocks. A block holds receipts (12 bytes each: tally and
 * token hash), and is read back whole or not at all. Receipts are on disk before they are answered (`keep`), so that
 * after a kill -9 nobody knows of an answer to a push that the judge has forgotten. What else changed (answers, phones,
 * the exact curve) is written as JSON in a block of about every second, which is what a kill may cost of it. A power
 * cut may lose more, as blocks are not synced but at the end.
 */

const flushMs = 1000;
/** Other numbers than those of files in which tokens were hashed otherwise. */
const magic = 0x60b70c03;
/** Receipts alone: instead of JSON the moment, as a 64-bit float. */
const receiptsMagic = 0x60b70c04;
const momentBytes = 8;
/** magic, bytes of JSON or moment, receipts. */
const headWords = 3;
const receiptWords = 3;
const firstReceipts = 4096;
/** Written before the second has passed, so that memory stays small in a blast: 3 MB. */
const mostReceipts = 262_144;

const tallyState = z.object({
  n: z.number(),
  launch: z.string(),
  shot: z.string(),
  platform: z.enum(['ios', 'android']),
  first: z.number().nullable(),
  last: z.number().nullable(),
  answers: counts,
  /** The curve from slot number `from` of its list on. */
  from: z.number(),
  slots: z.array(z.number()),
  counts: z.array(z.number()),
});
const blockState = z.object({ tallies: z.array(tallyState), phones: z.array(z.custom<Phone>()).nullable() });

export class Ledger implements Witness {
  readonly #file: number;
  readonly #judge: Judge;
  readonly #phones: Phones;
  readonly #timer: NodeJS.Timeout;
  #receipts = new Uint32Array(firstReceipts * receiptWords);
  #count = 0;
  #phonesChanged = false;
  /** Tallies up to here have been named on disk: receipts may refer to them. */
  #named = 0;
  /** Slots of each tally's curve that are on disk and can't change any more. */
  readonly #slotsKept: number[] = [];

  /** Reads what is in `dir` into the judge and the phones, and follows them from then on. Throws what the file system throws. */
  constructor(dir: string, judge: Judge, phones: Phones) {
    mkdirSync(dir, { recursive: true });
    this.#file = openSync(join(dir, 'receipts.ledger'), 'a+', 0o600);
    this.#judge = judge;
    this.#phones = phones;
    ftruncateSync(this.#file, this.#restore());
    for (const tally of judge.tallies) {
      tally.changed = false;
      this.#slotsKept[tally.number] = Math.max(0, tally.curve.slots.length - 1);
    }
    this.#named = judge.tallies.length;
    judge.witness = this;
    phones.listen(() => {
      this.#phonesChanged = true;
    });
    this.#timer = setInterval(() => {
      this.flush();
    }, flushMs);
    this.#timer.unref();
  }

  receipt(tally: Tally, high: number, low: number): void {
    const at = this.#count * receiptWords;
    if (at === this.#receipts.length) this.#grow();
    this.#receipts[at] = tally.number;
    this.#receipts[at + 1] = high;
    this.#receipts[at + 2] = low;
    this.#count += 1;
    if (this.#count >= mostReceipts) this.flush();
  }

  /** Writes the receipts that are not on disk yet; cheap, as it runs before every write to a client. */
  keep(): void {
    if (this.#count === 0) return;
    if (this.#named < this.#judge.tallies.length) {
      this.flush();
      return;
    }
    const moment = new Float64Array([Date.now()]);
    this.#append(new Uint32Array([receiptsMagic, momentBytes, this.#count]), Buffer.from(moment.buffer));
  }

  flush(): void {
    const changed = this.#judge.tallies.filter((tally) => tally.changed);
    if (this.#count === 0 && changed.length === 0 && !this.#phonesChanged) return;
    const state: z.input<typeof blockState> = {
      tallies: changed.map((tally) => this.#stateOf(tally)),
      phones: this.#phonesChanged ? this.#phones.all() : null,
    };
    const json = Buffer.from(JSON.stringify(state));
    this.#append(new Uint32Array([magic, json.length, this.#count]), json);
    this.#named = this.#judge.tallies.length;
    this.#phonesChanged = false;
    for (const tally of changed) tally.changed = false;
  }

  #append(head: Uint32Array, middle: Buffer): void {
    const receipts = this.#receipts.subarray(0, this.#count * receiptWords);
    // One write, so that a kill leaves the block out or, at worst, torn at its end.
    writeSync(this.#file, Buffer.concat([bytesOf(head), middle, bytesOf(receipts)]));
    this.#count = 0;
  }

  /** Forgets everything on disk; the judge forgets by itself. */
  reset(): void {
    this.#count = 0;
    this.#named = 0;
    this.#slotsKept.length = 0;
    this.#phonesChanged = false;
    ftruncateSync(this.#file, 0);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#judge.witness = null;
    this.flush();
    fsyncSync(this.#file);
    closeSync(this.#file);
  }

  #stateOf({ number, launchId, shotId, platform: ofPlatform, curve, answers }: Tally): z.input<typeof tallyState> {
    const from = this.#slotsKept[number] ?? 0;
    // The latest slot may still grow: it is written again next time.
    this.#slotsKept[number] = Math.max(0, curve.slots.length - 1);
    return {
      n: number,
      launch: launchId,
      shot: shotId,
      platform: ofPlatform,
      first: curve.firstAtMs,
      last: curve.lastAtMs,
      answers: Object.fromEntries(answers),
      from,
      slots: curve.slots.slice(from),
      counts: curve.counts.slice(from),
    };
  }

  /** Plays all whole blocks; returns where the last one ends. */
  #restore(): number {
    const tallies: Tally[] = [];
    const { size } = fstatSync(this.#file);
    let end = 0;
    for (;;) {
      if (end + headWords * 4 > size) return end;
      const head = this.#words(end, headWords);
      if (head[0] !== magic && head[0] !== receiptsMagic) return end;
      const [, middleBytes = 0, receiptCount = 0] = head;
      const middleAt = end + headWords * 4;
      const next = middleAt + middleBytes + receiptCount * receiptWords * 4;
      if (next > size) return end;
      const middle = Buffer.alloc(middleBytes);
      readSync(this.#file, middle, 0, middleBytes, middleAt);
      const receipts = this.#words(middleAt + middleBytes, receiptCount * receiptWords);
      const momentMs = head[0] === receiptsMagic ? (new Float64Array(Uint8Array.from(middle).buffer)[0] ?? null) : null;
      if (momentMs === null) this.#restoreState(middle, tallies);
      for (let at = 0; at < receipts.length; at += receiptWords) {
        const tally = tallies[receipts[at] as number];
        tally?.receive(receipts[at + 1] as number, receipts[at + 2] as number);
        // Until the next block with JSON gives the exact curve.
        if (momentMs !== null) tally?.curve.add(momentMs);
      }
      end = next;
    }
  }

  #restoreState(json: Buffer, tallies: Tally[]): void {
    const { tallies: states, phones } = blockState.parse(JSON.parse(json.toString('utf8')));
    for (const state of states) tallies[state.n] = this.#restoreTally(state);
    if (phones !== null) this.#phones.restore(phones);
  }

  #restoreTally(state: z.output<typeof tallyState>): Tally {
    const tally = this.#judge.tally(state.launch, state.shot, state.platform);
    const { curve } = tally;
    curve.firstAtMs = state.first;
    curve.lastAtMs = state.last;
    curve.slots.splice(state.from, curve.slots.length, ...state.slots);
    curve.counts.splice(state.from, curve.counts.length, ...state.counts);
    tally.restoreAnswers(state.answers);
    return tally;
  }

  #words(at: number, count: number): Uint32Array {
    const words = new Uint32Array(count);
    readSync(this.#file, bytesOf(words), 0, count * 4, at);
    return words;
  }

  #grow(): void {
    const grown = new Uint32Array(this.#receipts.length * 2);
    grown.set(this.#receipts);
    this.#receipts = grown;
  }
}

function bytesOf(words: Uint32Array): Buffer {
  return Buffer.from(words.buffer, words.byteOffset, words.byteLength);
}
