import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import { listen } from '../../infra/http-server.ts';
import type { HttpServer } from '../../infra/http-server.ts';
import { CALLS_NOBODY, createOutside } from './create-outside.ts';
import { signature } from './webhooks.ts';

const AT = Date.UTC(2027, 1, 14, 23, 0, 0);
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
let server: HttpServer | null = null;
afterEach(async () => {
  await server?.close();
  server = null;
});

interface Asked {
  headers: IncomingMessage['headers'];
  body: string;
}

/** Somebody who answers so, and what they were asked. `limitMs`: how long they are waited for. */
async function somebody(answer: (response: ServerResponse) => void, limitMs = 5_000) {
  const asked: Asked[] = [];
  server = await listen('127.0.0.1', 0, (request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (part: string) => {
      body += part;
    });
    request.on('end', () => {
      asked.push({ headers: request.headers, body });
      answer(response);
    });
  });
  const url = `http://127.0.0.1:${server.port}/`;
  const outside = createOutside(
    { pagerDuty: { key: 'k'.repeat(32), url }, webhooks: { 'ads-team': { url, secret: SECRET } } },
    { nowMs: () => AT + 61_500, limitMs },
  );
  return { asked, outside };
}
const status =
  (code: number, text = '') =>
  (response: ServerResponse) =>
    void response.writeHead(code).end(text);
const call = { id: 'gobutton_l_s', atMs: AT, data: { step: { id: 's' } } };
const page = {
  id: 'gobutton_l_s',
  summary: 'x'.repeat(1_100),
  source: 'l',
  severity: 'critical',
  link: 'https://wiki.example.com/p',
} as const;

test('a signature is that of the specification', () => {
  expect(signature(SECRET, 'msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}')).toBe(
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  );
});

test('a webhook gets what happened with id, time of the try and a signature over both and the body', async () => {
  const { asked, outside } = await somebody(status(204));
  expect(await outside.webhook('ads-team', call)).toEqual({ ok: true, say: 'The webhook ads-team has taken it' });
  await outside.webhook('ads-team', call);
  const [first, second] = asked;
  const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signed } = first?.headers ?? {};
  expect([id, timestamp]).toEqual(['gobutton_l_s', String(Math.floor(AT / 1_000) + 61)]);
  expect(signed).toBe(signature(SECRET, `${String(id)}.${String(timestamp)}.${first?.body}`));
  expect(JSON.parse(first?.body ?? '')).toEqual({
    type: 'gobutton.step',
    timestamp: '2027-02-14T23:00:00.000Z',
    data: { step: { id: 's' } },
  });
  expect(second).toMatchObject({ body: first?.body, headers: { 'webhook-id': 'gobutton_l_s' } });
});

test('PagerDuty gets one event by its key, with the playbook, and no more than it takes', async () => {
  const { asked, outside } = await somebody(status(202, '{"status":"success"}'));
  expect(await outside.page(page)).toEqual({ ok: true, say: 'PagerDuty has taken it' });
  expect(JSON.parse(asked[0]?.body ?? '')).toEqual({
    routing_key: 'k'.repeat(32),
    event_action: 'trigger',
    dedup_key: 'gobutton_l_s',
    payload: { summary: 'x'.repeat(1_024), source: 'l', severity: 'critical' },
    links: [{ href: 'https://wiki.example.com/p', text: 'Playbook' }],
  });
});

describe('an answer', () => {
  test.each([
    [200, true, false],
    [299, true, false],
    [301, false, false],
    [400, false, false],
    [404, false, false],
    [408, false, true],
    [429, false, true],
    [500, false, true],
    [503, false, true],
  ])('of %d: taken %s, to be tried again %s', async (code, ok, again) => {
    const { outside } = await somebody(status(code, 'Length of routing_key is wrong'));
    const sent = await outside.page(page);
    expect(sent).toMatchObject(
      ok ? { ok } : { ok, again, say: `PagerDuty answers ${code}: Length of routing_key is wrong` },
    );
  });

  test('that repeats what was asked brings no key into the room', async () => {
    const { outside } = await somebody(status(400, `bad: {"routing_key":"${'k'.repeat(32)}"}`));
    expect(await outside.page(page)).toMatchObject({ say: 'PagerDuty answers 400: bad: {"routing_key":"[key]"}' });
  });

  test('that leads elsewhere is followed nowhere', async () => {
    const { asked, outside } = await somebody((response) => void response.writeHead(307, { location: '/else' }).end());
    expect(await outside.page(page)).toMatchObject({ ok: false, again: false, say: 'PagerDuty answers 307' });
    expect(asked).toHaveLength(1);
  });

  test('that does not come in time, or from nobody, is tried again', async () => {
    const { outside } = await somebody(() => {}, 50);
    expect(await outside.page(page)).toEqual({ ok: false, again: true, say: 'PagerDuty gives no answer (time-out)' });
    const gone = await somebody((response) => response.destroy());
    expect(await gone.outside.page(page)).toMatchObject({ ok: false, again: true });
  });

  test('that never ends is read no further than it is told', async () => {
    const { outside } = await somebody((response) => {
      response.writeHead(400);
      response.write('y'.repeat(400));
    }, 600_000);
    expect(await outside.page(page)).toMatchObject({ say: `PagerDuty answers 400: ${'y'.repeat(300)}` });
  });
});

test('whom nobody has configured is not called, and the variable is named', async () => {
  expect(await CALLS_NOBODY.page(page)).toMatchObject({
    ok: false,
    again: false,
    say: expect.stringContaining('GOBUTTON_PAGERDUTY_KEY') as string,
  });
  const { asked, outside } = await somebody(status(200));
  expect(await outside.webhook('constructor', call)).toEqual({
    ok: false,
    again: false,
    say: 'there is no webhook constructor in GOBUTTON_WEBHOOKS, which has ads-team',
  });
  expect(asked).toEqual([]);
});
