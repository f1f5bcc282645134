import { expect, test } from 'vitest';
import { describeConfigProblems } from '../../infra/environment.ts';
import { KEY_ENV } from '../../test/keys.ts';
import { parseConfig } from '../config.ts';

const good = {
  SLACK_BOT_TOKEN: 'xoxb-1-secret',
  SLACK_APP_TOKEN: 'xapp-1-secret',
  AWS_REGION: 'us-east-1',
  GOBUTTON_BUCKET: 'gobutton',
  ...KEY_ENV,
};
const KEY = 'abcdefghijklmnopqrstuvwxyz012345';
const secret = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;
const hook = (more: object = {}) =>
  JSON.stringify({ 'ads-team': { url: 'https://ads.example.com/hook', secret, ...more } });

test('whom steps may call comes from the environment; nobody, if it says nothing', () => {
  const parsed = parseConfig({ ...good, GOBUTTON_PAGERDUTY_KEY: KEY, GOBUTTON_WEBHOOKS: hook() });
  expect(parsed.ok && parsed.config.outside).toEqual({
    pagerDuty: { key: KEY, url: 'https://events.pagerduty.com/v2/enqueue' },
    webhooks: { 'ads-team': { url: 'https://ads.example.com/hook', secret } },
  });
  const none = parseConfig(good);
  expect(none.ok && none.config.outside).toEqual({ pagerDuty: null, webhooks: {} });
});

test.each([
  ['GOBUTTON_PAGERDUTY_KEY', 'hunter2-hunter2'],
  ['GOBUTTON_PAGERDUTY_URL', 'http://events.pagerduty.com/'],
  ['GOBUTTON_PAGERDUTY_URL', 'https://me:hunter2@events.pagerduty.com/'],
  ['GOBUTTON_WEBHOOKS', '{"ads-team": hunter2}'],
  ['GOBUTTON_WEBHOOKS', hook({ url: 'http://ads.example.com/hook?hunter2' })],
  ['GOBUTTON_WEBHOOKS', hook({ secret: 'whsec_hunter2' })],
  ['GOBUTTON_WEBHOOKS', hook({ secret: Buffer.alloc(24).toString('base64') })],
  ['GOBUTTON_WEBHOOKS', hook({ more: 'hunter2' })],
  ['GOBUTTON_WEBHOOKS', JSON.stringify({ 'Ads Team': { url: 'https://ads.example.com', secret } })],
])('%s of %s is refused by name, and no secret is repeated', (variable, value) => {
  const parsed = parseConfig({ ...good, [variable]: value });
  expect(parsed.ok ? [] : parsed.problems.map((problem) => problem.variable)).toEqual([variable]);
  if (!parsed.ok && variable !== 'GOBUTTON_PAGERDUTY_URL')
    expect(describeConfigProblems(parsed.problems)).not.toContain('hunter2');
});

test('without TLS only oneself is called', () => {
  expect(parseConfig({ ...good, GOBUTTON_WEBHOOKS: hook({ url: 'http://127.0.0.1:9/hook' }) }).ok).toBe(true);
});
