import { z } from 'zod';
import { googleError } from './google-error.ts';
import { jsonReply, Reply, silence } from './reply.ts';
import type { ReplyParts } from './reply.ts';

/**
 * The ways in which a provider, one of its nodes or something in front of it answers when it is ill: the same list for a
 * sick connection, a storm and single answers.
 * - `429`: APNs TooManyRequests; FCM RESOURCE_EXHAUSTED without an FcmError, as an overloaded front answers
 * - `quota`: FCM QUOTA_EXCEEDED; APNs has no other word than for `429`
 * - `500`, `503`: InternalServerError, ServiceUnavailable; INTERNAL, UNAVAILABLE
 * - `credential`: InvalidProviderToken (seen now and then, and passing: apnotic#109); UNAUTHENTICATED
 * - `third-party`: FCM THIRD_PARTY_AUTH_ERROR, which concerns one token; APNs has nothing like it and answers as usual
 * - `html302`, `html404`, `html502`, `html503`: a page of a front end or a middlebox, which knows nothing of push
 * - `malformed`: an answer without `:status`: a stream error (RFC 9113, 8.1.1)
 * - `reset`, `refused`: RST_STREAM with INTERNAL_ERROR, with REFUSED_STREAM; HTTP/1.1: the connection is closed
 * - `cut`: the connection is closed on the spot
 * - `silent`: read and never answered; PINGs are. `mute`: these neither
 */
const ailments = [
  '429',
  'quota',
  '500',
  '503',
  'credential',
  'third-party',
  'html302',
  'html404',
  'html502',
  'html503',
  'malformed',
  'reset',
  'refused',
  'cut',
  'silent',
  'mute',
] as const;
export type Ailment = (typeof ailments)[number];

/** What may have reached the device in spite of the answer, or of none. Anything else says that it was not processed. */
const inDoubt: readonly Ailment[] = ['500', '503', 'malformed', 'reset', 'cut', 'silent', 'mute'];

export const affected = {
  /** Of which provider; null (default): of both. */
  provider: z.enum(['apns', 'fcm']).nullable().default(null),
  how: z.enum(ailments),
  /** `retry-after` of the answer, s. null (default): it has none. */
  retryAfterSeconds: z.number().int().min(0).max(86_400).nullable().default(null),
  /** The device gets the push all the same, and a second one would be a duplicate. Default false. Only for 500, 503, malformed, reset, cut, silent and mute. */
  delivered: z.boolean().default(false),
};

/** For `.check` of what has `affected` among its fields. */
export function mayBeDelivered({
  value,
  issues,
}: {
  value: { how: Ailment; delivered: boolean };
  issues: z.core.$ZodRawIssue[];
}): void {
  if (value.delivered && !inDoubt.includes(value.how))
    issues.push({
      code: 'custom',
      input: value,
      path: ['delivered'],
      message: `found true, but ${value.how} says that nothing was processed; expected one of ${inDoubt.join(', ')}`,
    });
}

const apple: Record<'429' | 'quota' | '500' | '503' | 'credential', readonly [status: number, reason: string]> = {
  '429': [429, 'TooManyRequests'],
  quota: [429, 'TooManyRequests'],
  '500': [500, 'InternalServerError'],
  '503': [503, 'ServiceUnavailable'],
  credential: [403, 'InvalidProviderToken'],
};
const google: Record<'429' | 'quota' | '500' | '503' | 'credential', Parameters<typeof googleError>[0]> = {
  '429': { status: 429, code: 'RESOURCE_EXHAUSTED', message: 'Resource has been exhausted (e.g. check quota).' },
  quota: {
    status: 429,
    code: 'RESOURCE_EXHAUSTED',
    message: "Quota exceeded for quota metric 'Messages sent' and limit 'Messages sent per minute'.",
    fcm: 'QUOTA_EXCEEDED',
  },
  '500': { status: 500, code: 'INTERNAL', message: 'Internal error encountered.', fcm: 'INTERNAL' },
  '503': { status: 503, code: 'UNAVAILABLE', message: 'The service is currently unavailable.', fcm: 'UNAVAILABLE' },
  credential: {
    status: 401,
    code: 'UNAUTHENTICATED',
    message:
      'Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.',
    info: 'ACCESS_TOKEN_INVALID',
  },
};
const pages: Record<'html302' | 'html404' | 'html502' | 'html503', readonly [status: number, title: string]> = {
  html302: [302, '302 Found'],
  html404: [404, '404 Not Found'],
  html502: [502, '502 Bad Gateway'],
  html503: [503, '503 Service Temporarily Unavailable'],
};

function page([status, title]: readonly [number, string], waits: [string, string][], atOnce: boolean): Reply {
  const headers: [string, string][] = [
    ['content-type', 'text/html; charset=utf-8'],
    ...waits,
    ...(status === 302 ? [['location', 'https://front.example.net/sorry'] satisfies [string, string]] : []),
  ];
  return new Reply({
    key: `html ${status}`,
    status,
    headers,
    atOnce,
    body: `<!doctype html><html><head><title>${title}</title></head><body><h1>${title}</h1><hr>front</body></html>\n`,
  });
}

export interface AnswerTerms {
  retryAfterSeconds: number | null;
  /** Without the provider's latency. */
  atOnce: boolean;
}

/** A provider's answers in illness, each made once. Null: it answers as usual. */
export function illReplies(site: 'apns' | 'fcm'): (how: Ailment, terms: AnswerTerms) => Reply | null {
  const made = new Map<string, Reply | null>();
  return (how, terms) => {
    const key = `${how} ${terms.retryAfterSeconds} ${terms.atOnce}`;
    let reply = made.get(key);
    if (reply === undefined) {
      reply = replyOf(site, how, terms);
      made.set(key, reply);
    }
    return reply;
  };
}

function replyOf(site: 'apns' | 'fcm', how: Ailment, { retryAfterSeconds, atOnce }: AnswerTerms): Reply | null {
  const waits: [string, string][] = retryAfterSeconds === null ? [] : [['retry-after', String(retryAfterSeconds)]];
  const unspoken = (key: string, rest: Pick<ReplyParts, 'rst' | 'cuts' | 'headers'>): Reply =>
    new Reply({ key, status: 0, atOnce, ...rest });
  switch (how) {
    case '429':
    case 'quota':
    case '500':
    case '503':
    case 'credential': {
      if (site === 'fcm')
        return googleError({ ...google[how], atOnce, ...(retryAfterSeconds === null ? {} : { retryAfterSeconds }) });
      const [status, reason] = apple[how];
      return jsonReply(`${status} ${reason}`, status, { reason }, { id: 'apns-id', headers: waits, atOnce });
    }
    case 'third-party':
      return site === 'apns'
        ? null
        : googleError({
            status: 401,
            code: 'UNAUTHENTICATED',
            message: 'Auth error from APNS or Web Push Service',
            fcm: 'THIRD_PARTY_AUTH_ERROR',
            atOnce,
          });
    case 'html302':
    case 'html404':
    case 'html502':
    case 'html503':
      return page(pages[how], waits, atOnce);
    case 'malformed':
      return unspoken('malformed', { headers: [['content-type', 'application/json']] });
    case 'reset':
      return unspoken('reset', { rst: 'INTERNAL_ERROR' });
    case 'refused':
      return unspoken('refused', { rst: 'REFUSED_STREAM' });
    case 'cut':
      return unspoken('cut', { cuts: true });
    case 'silent':
    case 'mute':
      return silence;
    default:
      return how satisfies never;
  }
}
