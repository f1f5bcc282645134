/** Whether a provider took next to nothing of what it was given: then no word of the room may call that complete. */

/** Refused for each one that may have been reached. */
const REFUSED_PER_REACHED = 19;

/** Under a twentieth of what has an end was reached. Uncertain devices may have been. */
export function failsAsAWhole({ accepted, uncertain, failed }: Readonly<Record<'accepted' | 'uncertain' | 'failed', number>>): boolean {
  return failed > REFUSED_PER_REACHED * (accepted + uncertain);
}
