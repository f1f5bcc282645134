/** Whether a provider took next to nothing of what it was given: then no word of the room may call that complete. */

/** Not reached for each one that was. */
const MISSED_PER_REACHED = 19;

/** Under a twentieth of what was given to the provider was surely reached. Uncertain devices may have been, and count as not reached. */
export function failsAsAWhole({ accepted, uncertain, failed }: Readonly<Record<'accepted' | 'uncertain' | 'failed', number>>): boolean {
  return failed + uncertain > MISSED_PER_REACHED * accepted;
}
