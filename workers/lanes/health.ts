/*
 * The health of one connection, by what comes over it. A connection that fails at once takes most of the work, because a
 * stream that comes free first gets the next device: 1 of 4 that answered 503 failed 67 % of all
 * (docs/facts.md#h2-sick-connection). So what has nothing to do with the device is counted here, and a connection that
 * gives nothing else is given nothing.
 *
 *   probing --fine--> good --bad in a row, or silent--> suspect --fine--> good
 *   probing, good, suspect --sick--> leaving      (for good: another connection takes its place)
 *
 * `fine`: an answer about the device or its message, whatever it says. `bad`: one that is about neither, or a reset, or
 * none at all. Suspect takes no more, so that at most what was in flight goes down with it.
 */
export type HealthState = 'probing' | 'good' | 'suspect' | 'leaving';

/** Bad in a row until it is suspect: an accident comes alone. */
const SUSPECT_AFTER = 5;
/** While it is being tried one request at a time, each says more. */
const PROBING_SUSPECT_AFTER = 2;
/** A share is believed from so many answers on … */
const SHARE_FROM = 60;
/** … when it is above this, and so many times that of all the others: what all have in common is not the connection's fault. */
const BAD_SHARE = 0.15;
const TIMES_OTHERS = 4;
/** Old answers count for less and less. */
const REMEMBERED = 400;

export class Health {
  state: HealthState = 'probing';
  /** The last bad answer; '' while all are fine. */
  why = '';
  #inARow = 0;
  #bad = 0;
  #answers = 0;

  /** Bad answers since the last fine one. */
  get inARow(): number {
    return this.#inARow;
  }

  /** Of the answers that it remembers. */
  get counts(): { bad: number; answers: number } {
    return { bad: this.#bad, answers: this.#answers };
  }

  /** May it be given more? */
  get takes(): boolean {
    return this.state === 'probing' || this.state === 'good';
  }

  /** It was believed to be sick, with or without the others: what it refused unread was not the device's fault. */
  get isSick(): boolean {
    return this.state === 'suspect' || this.state === 'leaving';
  }

  fine(): void {
    this.#inARow = 0;
    this.#count(0);
    if (this.state === 'probing' || this.state === 'suspect') this.#turn('good');
  }

  bad(why: string): void {
    this.#inARow += 1;
    this.#count(1);
    if (this.state === 'leaving') return;
    this.why = why;
    if (this.#inARow >= (this.state === 'probing' ? PROBING_SUSPECT_AFTER : SUSPECT_AFTER)) this.#turn('suspect');
  }

  /** Something expired, and nothing was answered meanwhile. */
  silent(why: string): void {
    this.#inARow += 1;
    if (this.state === 'leaving') return;
    this.why = why;
    this.#turn('suspect');
  }

  /** Far more of its answers are bad than of all the others' together. */
  isWorseThan(others: { bad: number; answers: number }): boolean {
    if (this.#answers < SHARE_FROM || this.#bad < this.#answers * BAD_SHARE) return false;
    return this.#bad * Math.max(1, others.answers) > TIMES_OTHERS * others.bad * this.#answers;
  }

  /** It was the weather, not this one: tried anew, as if it had just been opened. */
  forgive(): void {
    if (this.state === 'leaving') return;
    this.#inARow = 0;
    this.#bad = 0;
    this.#answers = 0;
    this.why = '';
    this.#turn('probing');
  }

  leave(): void {
    this.#turn('leaving');
  }

  #count(bad: 0 | 1): void {
    this.#bad += bad;
    this.#answers += 1;
    if (this.#answers < REMEMBERED) return;
    this.#bad >>>= 1;
    this.#answers >>>= 1;
  }

  #turn(to: HealthState): void {
    if (this.state !== 'leaving') this.state = to;
  }
}
