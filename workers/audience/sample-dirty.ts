/**
 * One row of every wrong kind, so that rejects can be seen and tested. `number` makes them differ between sets; `good` is a token
 * that has been written already. Parquet can't hold what is no row at all.
 */
export function dirtyRows(
  format: 'csv' | 'ndjson' | 'parquet',
  number: number,
  good: string,
  platform: 'ios' | 'android',
): { bytes: Buffer; rows: number } {
  const hex = number.toString(16).padStart(8, '0');
  const apns = `0d1e${hex}`.padEnd(64, 'a');
  const fcm = `0d1e${hex}ABCDEFGHIJ:APA91b${'x'.repeat(134)}`;
  const rows: [user: string, platform: string, token: string, locale: string, market: string][] = [
    ['', 'ios', apns, 'en', 'us'],
    ['u'.repeat(201), 'ios', apns, 'en', 'us'],
    ['wrong-platform', 'windows', fcm, 'en', 'us'],
    ['no-platform', '', fcm, 'en', 'us'],
    ['no-token', 'ios', '', 'en', 'us'],
    ['token-not-hex', 'ios', `${apns.slice(0, 63)}z`, 'en', 'us'],
    ['token-short', 'ios', apns.slice(0, 62), 'en', 'us'],
    ['token-odd', 'ios', `${apns}a`, 'en', 'us'],
    ['token-long', 'ios', apns.repeat(4), 'en', 'us'],
    ['token-characters', 'android', `${fcm.slice(0, -1)}!`, 'en', 'us'],
    ['token-short', 'android', fcm.slice(0, 19), 'en', 'us'],
    ['token-long', 'android', fcm.padEnd(4097, 'x'), 'en', 'us'],
    ['wrong-locale', 'android', fcm, 'tlh', 'us'],
    ['no-locale', 'android', fcm, '', 'us'],
    ['wrong-market', 'android', fcm, 'en', 'U.S.A.'],
    ['no-market', 'android', fcm, 'en', ''],
    ['duplicate', platform, good, 'en', 'us'],
  ];
  if (format === 'ndjson') {
    const objects = rows.map(([user, words, token, locale, market]) =>
      JSON.stringify({ user, platform: words, token, locale, market }),
    );
    return lines([...objects, '{"user":"cut off', '[1,2,3]', 'not json']);
  }
  const texts = rows.map((fields) => fields.join(','));
  if (format === 'parquet') return lines(texts);
  const structural = ['too,few', `too-many,ios,${apns},en,us,more`, `"never closed,ios,${apns},en,us`];
  const latin1 = Buffer.from(`\xfcml\xe4ut,ios,${apns},en,us\n`, 'latin1');
  const text = lines([...texts, ...structural]);
  return { bytes: Buffer.concat([text.bytes, latin1]), rows: text.rows + 1 };
}

function lines(texts: string[]): { bytes: Buffer; rows: number } {
  return { bytes: Buffer.from(`${texts.join('\n')}\n`, 'utf8'), rows: texts.length };
}
