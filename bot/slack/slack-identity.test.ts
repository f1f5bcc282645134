import type { WebClient } from '@slack/web-api';
import { pino } from 'pino';
import { expect, onTestFinished, test, vi } from 'vitest';
import { SlackIdentity } from './slack-identity.ts';

const bot = (user: string) => ({ bot_id: 'B', user_id: 'U', user, team_id: 'T' });

/** Each call waits until the test answers it. */
function asked() {
  const calls: PromiseWithResolvers<ReturnType<typeof bot>>[] = [];
  const client = {
    auth: {
      test: () => {
        const call = Promise.withResolvers<ReturnType<typeof bot>>();
        calls.push(call);
        return call.promise;
      },
    },
  } as unknown as WebClient;
  const identity = new SlackIdentity({ client, log: pino({ level: 'silent' }), firstWaitMs: 1 });
  onTestFinished(() => identity.stop());
  return { calls, identity };
}

test('who the bot is stays known while it is asked anew, and is what Slack says then', async () => {
  const { calls, identity } = asked();
  identity.start();
  calls[0]?.resolve(bot('first'));
  await vi.waitFor(() => expect(identity.known).toEqual({ botId: 'B', botUserId: 'U', name: 'first', teamId: 'T' }));
  identity.start();
  expect(identity.known.name).toBe('first');
  calls[1]?.resolve(bot('second'));
  await vi.waitFor(() => expect(identity.known.name).toBe('second'));
  expect(calls).toHaveLength(2);
});

test('an answer to a token that was changed meanwhile says nothing, be it a name or a refusal', async () => {
  const { calls, identity } = asked();
  identity.start();
  identity.start();
  calls[1]?.resolve(bot('second'));
  await vi.waitFor(() => expect(identity.known.name).toBe('second'));
  calls[0]?.resolve(bot('first'));
  identity.start();
  identity.start();
  calls[2]?.reject(
    Object.assign(new Error('no'), { code: 'slack_webapi_platform_error', data: { error: 'invalid_auth' } }),
  );
  await new Promise((resolve) => setImmediate(resolve));
  expect([identity.known.name, identity.refusal, calls.length]).toEqual(['second', null, 4]);
});

test('a new token ends the wait of the one before: there is one question at a time', async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const { calls, identity } = asked();
  identity.start();
  calls[0]?.reject(new Error('away'));
  await vi.advanceTimersByTimeAsync(0);
  identity.start();
  calls[1]?.resolve(bot('second'));
  await vi.advanceTimersByTimeAsync(60_000);
  expect([identity.known.name, calls.length]).toEqual(['second', 2]);
});
