import { parentPort } from 'node:worker_threads';
import { signatureHolds } from './signature.ts';
import type { Proof } from './signature.ts';

/** A thread of signature-threads.ts: says of each portion which signatures fit, until it is ended. */

export interface Signed extends Proof {
  text: string;
}
export interface ToSignatureThread {
  at: number;
  signed: readonly Signed[];
}
export interface FromSignatureThread {
  at: number;
  fits: boolean[];
}

parentPort?.on('message', ({ at, signed }: ToSignatureThread) => {
  const answer: FromSignatureThread = { at, fits: signed.map((one) => signatureHolds(one.text, one)) };
  parentPort?.postMessage(answer);
});
