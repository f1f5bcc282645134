import { canonicalJson } from './canonical-json.ts';
import type { Platform, SegmentAttempt } from './entries.ts';

export interface ProofFields {
  purpose: 'request' | 'approve';
  launchId: string;
  /** The order that is approved; '' for a request, whose order has no id yet. */
  orderId: string;
  segments: readonly SegmentAttempt[];
  shownHash: string;
  /** After GO, by platform, as in `Shown`. */
  notAfterMs: Record<Platform, number>;
  /** When the signature itself ends, epoch ms. */
  expiresAtMs: number;
  /** Fresh random text per signature. */
  nonce: string;
}

/**
 * The exact text that an operator's Ed25519 key signs (UTF-8) when Slack is gone. One line that says what it is, then
 * canonical JSON, so that no field can run into another one.
 */
export function proofText(fields: ProofFields): string {
  const { purpose, launchId, orderId, segments, shownHash, notAfterMs, expiresAtMs, nonce } = fields;
  return `gobutton operator proof v1\n${canonicalJson({
    purpose,
    launchId,
    orderId,
    shownHash,
    expiresAtMs,
    nonce,
    segments: segments.map(({ segment, attempt }) => ({ segment, attempt })),
    notAfterMs: { ios: notAfterMs.ios, android: notAfterMs.android },
  })}`;
}
