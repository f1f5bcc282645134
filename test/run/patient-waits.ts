import { vi } from 'vitest';
import { PATIENCE_MS } from './patience.ts';

/** `vi.waitFor` has no setting for all tests. */
const waitFor = vi.waitFor;
const PATIENT = Symbol.for('gobutton.patient-waits');
// Test files that share a process load this once each.
if (!(PATIENT in vi)) {
  Object.assign(vi, {
    [PATIENT]: true,
    waitFor: ((look, options) =>
      waitFor(look, {
        timeout: PATIENCE_MS,
        ...(typeof options === 'number' ? { timeout: options } : options),
      })) satisfies typeof vi.waitFor,
  });
}
