import { apnsRow, fcmRow } from '../../contract/answers.ts';
import type { Row } from '../../contract/answers.ts';
import { apnsGoneAtMs, apnsReason } from '../../contract/apns-answers.ts';
import { fcmReason } from '../../contract/fcm-answers.ts';
import { httpReason } from '../../contract/http-reason.ts';
import type { Platform } from '../../runbooks/launch/entries.ts';
import type { RequestTemplate } from './h2/request-template.ts';
import type { Template } from './lane.ts';

/** How one provider's requests are built and its answers read. Everything else about a lane is the same for both. */
export interface Provider {
  readonly name: 'apns' | 'fcm';
  readonly platform: Platform;
  /** Everything of a request but the device token, under one credential. */
  request(template: Template, authority: string, authorization: string): RequestTemplate;
  reason(status: number, body: string): string;
  /** Of an answer that names the token bad: since when, epoch ms; null: it does not say. */
  goneAtMs(status: number, body: string): number | null;
  /** What follows from it. */
  row(status: number, reason: string): Row;
  /** True: this answer, which is no success, shows that the provider knows the credential, so the connection is open for more streams. */
  authenticated(status: number, reason: string): boolean;
}

export function apnsProvider(): Provider {
  return {
    name: 'apns',
    platform: 'ios',
    request: ({ headers, body }, authority, authorization) => ({
      authority,
      path: '/3/device/',
      tokenIn: 'path',
      headers: [['authorization', authorization], ...Object.entries(headers)],
      body,
      bodyRest: Buffer.alloc(0),
    }),
    reason: apnsReason,
    goneAtMs: apnsGoneAtMs,
    row: apnsRow,
    // Whether a 4xx lifts the one-stream limit is not known (docs/facts.md#unknown-apns); 410 is not counted as an
    // error by Apple (docs/facts.md#apns-rejected-push).
    authenticated: (status, reason) => status === 410 && isOfProvider(status, reason),
  };
}

/** `projectId`: the Firebase project of the service account. */
export function fcmProvider(projectId: string): Provider {
  const path = `/v1/projects/${projectId}/messages:send`;
  return {
    name: 'fcm',
    platform: 'android',
    request({ headers, body }, authority, authorization) {
      const { validateOnly, rest } = splitHeaders(headers);
      const { before, after } = around(body, validateOnly);
      return {
        authority,
        path,
        tokenIn: 'body',
        headers: [['authorization', authorization], ['content-type', 'application/json'], ...Object.entries(rest)],
        body: before,
        bodyRest: after,
      };
    },
    reason: fcmReason,
    // FCM has no such time in its answers (docs/facts.md#fcm-errors).
    goneAtMs: () => null,
    row: fcmRow,
    // FCM answers about the message only after it has accepted the credential.
    authenticated: (status, reason) => (status === 400 || status === 404) && isOfProvider(status, reason),
  };
}

/** Not the page of a front end, which has not looked at the credential. */
function isOfProvider(status: number, reason: string): boolean {
  return reason !== httpReason(status);
}

/** An FCM message without token as the request body around the token. */
function around(body: Buffer, validateOnly: boolean): { before: Buffer; after: Buffer } {
  const text = body.toString('utf8');
  if (!text.startsWith('{') || text.length <= 2)
    throw new Error('TEMPLATE_INVALID: expected the JSON text of an FCM message without token');
  return {
    before: Buffer.from(`{${validateOnly ? '"validate_only":true,' : ''}"message":{"token":"`),
    after: Buffer.from(`",${text.slice(1)}}`),
  };
}

/** A template may ask FCM to check a message without delivering it: a header of this name, which is not sent. */
export const VALIDATE_ONLY = 'x-validate-only';

function splitHeaders(headers: Template['headers']) {
  const { [VALIDATE_ONLY]: flag, ...rest } = headers;
  return { validateOnly: flag !== undefined, rest };
}
