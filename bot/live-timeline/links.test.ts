import { expect, test } from 'vitest';
import { keyringOf } from '../../infra/aws/keyring.ts';
import { BOT_KEY, testKey } from '../../test/keys.ts';
import { createLiveLinks } from './links.ts';

const nothing = { bot: [], worker: [] };
let nowMs = Date.UTC(2027, 1, 14, 20);
const linksOf = (key = BOT_KEY, publicUrl: string | null = 'https://go.example.com/') =>
  createLiveLinks({ signer: keyringOf('bot', key, nothing).signer, publicUrl, nowMs: () => nowMs });
const pathOf = (links = linksOf()) => new URL(links.give('superbowl-2027', 'U0ONCALL')?.url ?? '').pathname;

test('a link is read by every bot with the key that gave it, for one launch, one person and half a day', () => {
  const given = linksOf().give('superbowl-2027', 'U0ONCALL');
  expect(given?.url).toMatch(/^https:\/\/go\.example\.com\/timeline\/superbowl-2027\/\w+\/U0ONCALL\/[\w-]{43}$/);
  expect(given?.untilMs).toBe(nowMs + 12 * 3_600_000);
  const read = linksOf().read(pathOf());
  expect(read).toEqual({
    launchId: 'superbowl-2027',
    slackId: 'U0ONCALL',
    untilMs: given?.untilMs,
    ended: false,
    asksNews: false,
  });
  expect(linksOf().read(`${pathOf()}/news`)).toMatchObject({ asksNews: true });
});

test('a link that was changed, of another key, or cut is nobody’s', () => {
  const path = pathOf();
  const [, , launch = '', until = '', who = '', mac = ''] = path.split('/');
  for (const other of [
    path.replace(launch, 'superbowl-2028'),
    path.replace(until, (Number.parseInt(until, 36) + 60).toString(36)),
    path.replace(who, 'U0MARKET1'),
    path.replace(mac, `${mac.startsWith('A') ? 'B' : 'A'}${mac.slice(1)}`),
    path.replace(mac, ''),
    `${path}/`,
    `${path}/news/news`,
    path.toUpperCase(),
    `//${path}`,
  ])
    expect([other, linksOf().read(other)]).toEqual([other, null]);
  expect(linksOf(testKey(9)).read(path)).toBeNull();
});

test('its time ends, and where nobody says where the bot is reached, or it has no key, there is none', () => {
  const path = pathOf();
  nowMs += 12 * 3_600_000;
  expect(linksOf().read(path)?.ended).toBe(false);
  nowMs += 1;
  expect(linksOf().read(path)?.ended).toBe(true);
  expect(linksOf(BOT_KEY, null).give('superbowl-2027', 'U0ONCALL')).toBeNull();
  const keyless = createLiveLinks({ signer: null, publicUrl: 'https://go.example.com', nowMs: () => nowMs });
  expect([keyless.give('superbowl-2027', 'U0ONCALL'), keyless.read(path)]).toEqual([null, null]);
});
