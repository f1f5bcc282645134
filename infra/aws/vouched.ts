import type { KeyRole } from '../../runbooks/launch/entries.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import { holderOf } from '../../runbooks/launch/signers.ts';
import type { TrustedKeys } from '../../runbooks/launch/signers.ts';
import type { Signer } from './keyring.ts';
import { signatureHolds } from './signature.ts';

/**
 * A text of the live table that says by whom it is. Whoever can write the table can write anything into it, so what others
 * are held to (the roll), go by (reports) or press by (gates) is signed by the deployment's own keys, as entries are.
 */
export interface Vouched {
  text: string;
  /** Public key and signature; empty: nobody has signed it. */ key: string;
  sig: string;
}

export type VouchedKind = 'report' | 'roll' | 'gate';

/** What is signed says what it is, so that no signature is worth anything elsewhere. */
const signed = (kind: VouchedKind, text: string) => `gobutton ${kind} v1\n${text}`;

export function vouch(kind: VouchedKind, text: string, signer: Signer | null): Vouched {
  return { text, key: signer?.key ?? '', sig: signer?.sign(signed(kind, text)) ?? '' };
}

/** Whose key it names, by the launch's record and by what this process was told to trust; whether it is signed by that one is not looked at. Null: none of theirs. */
export function claimedBy({ key }: Vouched, launch: Launch, trusted: TrustedKeys | null): KeyRole | null {
  if (key === '') return null;
  const holder = holderOf(launch, key);
  if (holder !== 'bot' && holder !== 'worker') return null;
  return trusted !== null && !trusted[holder].includes(key) ? null : holder;
}

/** Which role's key has signed it. Null: none of them. */
export function vouchedBy(
  kind: VouchedKind,
  said: Vouched,
  launch: Launch,
  trusted: TrustedKeys | null,
): KeyRole | null {
  const holder = claimedBy(said, launch, trusted);
  return holder !== null && isSigned(kind, said) ? holder : null;
}

/** Whether the key that it names has signed it. */
export function isSigned(kind: VouchedKind, { text, key, sig }: Vouched): boolean {
  return signatureHolds(signed(kind, text), { key, signature: sig });
}
