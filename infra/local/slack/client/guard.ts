import type { IncomingMessage } from 'node:http';
import { foreignRequest } from '../../loopback.ts';
import { HttpError } from '../http.ts';

/** Keeps other web pages that are open in the same browser from pressing GO, and from the Web API. */
export function guardBrowser(request: IncomingMessage, port: number): void {
  const foreign = foreignRequest(request, port);
  if (foreign !== null) throw new HttpError(403, foreign);
}
