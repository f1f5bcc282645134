import { ApnsClient, Notification } from 'apns2';
import { keepGoing, TOPIC, Tokens, apnsPayload } from './bench-client.ts';
import type { Open } from './bench-client.ts';

/** As it comes: 32 connections, one request at a time on each. Its host is fixed, so the preload leads it here. */
export const open: Open = (target) => {
  const tokens = new Tokens(target);
  const client = new ApnsClient({
    team: target.apnsKey.teamId,
    keyId: target.apnsKey.keyId,
    signingKey: target.apnsKey.pem,
    defaultTopic: TOPIC,
  });
  const { aps, ...data } = apnsPayload;
  return Promise.resolve({
    send: (isOver) =>
      keepGoing(500, isOver, async () => {
        await client.send(
          new Notification(tokens.apns(tokens.take(1)), { aps, data, expiration: 0, collapseId: 'bench' }),
        );
      }),
    close: () => client.close(),
  });
};
