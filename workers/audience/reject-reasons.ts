/**
 * Why a row of a device list doesn't become a device. The number is what the judging query computes; a row has the
 * first reason that applies, in this order. Duplicates are counted on their own: they lose nothing.
 */
export const REASONS = {
  ROW_UNREADABLE: { number: 1, column: null, expected: 'a line of UTF-8 text, at most 2 MB long' },
  ROW_QUOTES: {
    number: 2,
    column: null,
    expected: 'every quote closed on its own line, quotes inside a value doubled',
  },
  ROW_COLUMNS: { number: 3, column: null, expected: 'as many columns as the header has' },
  ROW_NOT_JSON: { number: 4, column: null, expected: 'one JSON object on the line' },
  USER_EMPTY: { number: 5, column: 'user', expected: 'a user id' },
  USER_INVALID: {
    number: 6,
    column: 'user',
    expected: 'at most 200 characters without control characters, and all digits of a number',
  },
  PLATFORM_UNKNOWN: {
    number: 7,
    column: 'platform',
    expected: 'ios (apple, apns, iphone, ipad, ipados) or android (fcm, google, gcm)',
  },
  TOKEN_EMPTY: { number: 8, column: 'token', expected: 'a device token' },
  TOKEN_NOT_HEX: {
    number: 9,
    column: 'token',
    expected: 'hexadecimal digits (APNs); an iPhone that is registered with FCM is of the platform fcm',
  },
  TOKEN_CHARACTERS: { number: 10, column: 'token', expected: 'letters, digits, colon, dash and underscore (FCM)' },
  TOKEN_LENGTH: {
    number: 11,
    column: 'token',
    expected: '64 to 200 characters, an even number (APNs), or 20 to 4,096 (FCM)',
  },
  LOCALE_UNKNOWN: { number: 12, column: 'locale', expected: 'a locale of the campaign' },
  MARKET_INVALID: { number: 13, column: 'market', expected: 'lower-case letters, digits and dashes, at most 32' },
  OPTED_OUT: { number: 14, column: 'user', expected: 'a person, or a token, that is on no opt-out list' },
  DUPLICATE_TOKEN: { number: 15, column: 'token', expected: 'every token once; the first good row stands' },
} as const satisfies Record<string, { number: number; column: string | null; expected: string }>;

export type Reason = keyof typeof REASONS;

const byNumber = new Map<number, Reason>(Object.entries(REASONS).map(([name, { number }]) => [number, name as Reason]));

export function reasonNumber(reason: Reason): number {
  return REASONS[reason].number;
}

export function reasonOf(number: number): Reason {
  const reason = byNumber.get(number);
  if (reason === undefined) throw new Error(`REASON_UNKNOWN ${number}`);
  return reason;
}
