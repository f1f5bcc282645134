import fc from 'fast-check';
import { expect, test } from 'vitest';
import { holds, PROPERTY } from '../../test/properties/holds.ts';
import { apns, csv, devicesOf, fcm, testFolder } from './for-tests.ts';
import { loadAudience } from './packed/load.ts';

const field = (...values: string[]) => fc.constantFrom(...values);
const row = fc.record({
  user: field('u1', 'u2', 'out', '', '"quoted, with comma"', 'open"'),
  platform: field('ios', 'IOS', 'apns', 'android', 'fcm', 'palm', ''),
  token: fc.oneof(
    fc.integer({ min: 0, max: 12 }).map(apns),
    fc.integer({ min: 0, max: 12 }).map(fcm),
    field('', 'zz', 'ABCDEF'.repeat(12)),
  ),
  locale: field('en', 'es', 'pt_br', 'en-GB', 'xx', ''),
  market: field('us', 'BR', 'd e', ''),
});

/** The rules once more, row by row and without a query: what a compile of any list must come to. */
function expected(rows: { user: string; platform: string; token: string; locale: string; market: string }[]) {
  const devices = new Map<string, string>();
  let duplicates = 0;
  for (const { user, platform, token, locale, market } of rows) {
    const ios = ['ios', 'IOS', 'apns'].includes(platform);
    const hex = /^[0-9a-fA-F]+$/.test(token);
    const good =
      !['', 'out', 'open"'].includes(user) &&
      (ios || ['android', 'fcm'].includes(platform)) &&
      (ios ? hex && token.length >= 64 : token.length >= 20) &&
      !['xx', ''].includes(locale) &&
      ['us', 'BR'].includes(market);
    const stored = ios ? token.toLowerCase() : token;
    if (good && devices.has(stored)) duplicates++;
    else if (good)
      devices.set(
        stored,
        `${market.toLowerCase()}-${ios ? 'ios' : 'android'} ${{ pt_br: 'pt-BR', 'en-GB': 'en' }[locale] ?? locale}`,
      );
  }
  return { devices, duplicates };
}

test(
  'whatever the rows: accepted ones are packed once each, and accepted, rejected and duplicates are all of them',
  { ...PROPERTY, timeout: 60_000 },
  async () => {
    await using folder = await testFolder();
    let run = 0;
    const optedOut = await folder.file('out.txt', 'out\n');
    await holds(
      'compile',
      fc.asyncProperty(
        fc.array(row, { minLength: 1, maxLength: 120 }),
        fc.integer({ min: 1, max: 9 }),
        async (rows, batchSize) => {
          const wanted = expected(rows);
          const text = csv(
            ...rows.map(({ user, platform, token, locale, market }) =>
              [user, platform, token, locale, market].join(','),
            ),
          );
          const input = await folder.file(`${run++}.csv`, text);
          const compiling = folder.compile(input, {
            batchSize,
            lists: [{ path: optedOut, role: 'suppress' }],
            allowNone: true,
            shardBytesAtMost: 700,
          });
          if (wanted.devices.size === 0) {
            await expect(compiling).rejects.toMatchObject({ code: 'AUDIENCE_EMPTY' });
            return;
          }
          const compiled = await compiling;
          const rejected = Object.values(compiled.rejected).reduce((sum, count) => sum + count, 0);
          expect(compiled.duplicates).toBe(wanted.duplicates);
          expect(compiled.manifest.devices + rejected + compiled.duplicates).toBe(rows.length);
          expect(compiled.rows).toBe(rows.length);
          expect((await folder.rejects()).length).toBe(rejected + compiled.duplicates);
          const devices = devicesOf(await loadAudience(folder.objects, compiled.manifestKey));
          expect(new Map(devices.map(({ token, segment, locale }) => [token, `${segment} ${locale}`]))).toEqual(
            wanted.devices,
          );
          expect(devices.length).toBe(wanted.devices.size);
        },
      ),
      { seed: 42, runs: 20, noShrink: true },
    );
  },
);
