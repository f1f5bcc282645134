import type { App } from '@slack/bolt';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { z } from 'zod';
import type { Desk } from '../desk.ts';
import { done } from '../views/answers.ts';
import type { Message } from '../views/message.ts';
import { fieldsOf, onForm } from './submit-form.ts';
import type { FormResult } from './submit-form.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

/** A form that is sent in, and what Slack and the person have got so far. */
function sent(handle: () => Promise<FormResult>) {
  const acks: unknown[] = [];
  const told: string[] = [];
  let submit: ((form: unknown) => Promise<void>) | null = null;
  const app = {
    view: (_constraints: unknown, listener: (form: unknown) => Promise<void>) => {
      submit = listener;
    },
  } as unknown as App;
  const desk = {
    log: pino({ level: 'silent' }),
    nowMs: () => 1,
    teller: { tell: (_url: unknown, _to: unknown, { text }: Message) => Promise.resolve(told.push(text)) },
  } as unknown as Desk;
  onForm(app, desk, () => true, 'form', z.object({ channelId: z.string() }), handle);
  const over = submit!({
    ack: (answer: unknown) => Promise.resolve(acks.push(answer)),
    body: { user: { id: 'U1' }, trigger_id: 't' },
    view: { private_metadata: '{"channelId":"C1"}', state: { values: {} } },
    context: {},
  });
  return { acks, told, over };
}

test('a form that is not decided as long as Slack waits is closed, and the answer comes when it is there', async () => {
  const work = Promise.withResolvers<FormResult>();
  const { acks, told, over } = sent(() => work.promise);
  await vi.advanceTimersByTimeAsync(2_199);
  expect(acks).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect([acks, told]).toEqual([[undefined], []]);
  work.resolve({ ok: true, answer: done('Saved.') });
  await over;
  expect(told.join()).toContain('Saved.');
});

test('what is wrong in a field is said in the form, in time', async () => {
  const { acks, over } = sent(() => Promise.resolve({ ok: false, errors: { name: 'too long' }, answer: done('no') }));
  await over;
  expect(acks).toEqual([{ response_action: 'errors', errors: { name: 'too long' } }]);
});

test('a field in which nobody can see anything is empty, and one that holds words is theirs without the blanks around them', () => {
  const typed = { a: ' yes\n', b: ' ', c: '\u200B\uFE0F\u0301', d: '\u200B1' };
  const values = Object.fromEntries(
    Object.entries(typed).map(([block, value]) => [block, { value: { type: 'plain_text_input' as const, value } }]),
  );
  expect([...fieldsOf(values as never)].map(([, { text }]) => text)).toEqual(['yes', null, null, '\u200B1']);
});
