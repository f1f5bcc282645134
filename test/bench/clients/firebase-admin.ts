import { deleteApp, initializeApp } from 'firebase-admin/app';
import { getMessaging } from 'firebase-admin/messaging';
import { fcmMessage, keepGoing, Tokens } from './bench-client.ts';
import type { Open } from './bench-client.ts';

const MESSAGES_PER_CALL = 500;

/** `sendEach` with as many messages as it takes; its host is fixed, so the preload leads it here. */
export const open: Open = (target) => {
  const tokens = new Tokens(target);
  const app = initializeApp({
    projectId: target.projectId,
    credential: {
      getAccessToken: () =>
        Promise.resolve({ access_token: target.fcmAuthorization.slice('Bearer '.length), expires_in: 3_600 }),
    },
  });
  const messaging = getMessaging(app);
  return Promise.resolve({
    send: (isOver) =>
      keepGoing(2, isOver, async () => {
        const { responses } = await messaging.sendEach(
          Array.from({ length: MESSAGES_PER_CALL }, () => ({ ...fcmMessage, token: tokens.fcm(tokens.take(1)) })),
        );
        const wrong = responses.find(({ success }) => !success);
        if (wrong !== undefined) throw new Error(`BENCH_WRONG_ANSWER ${String(wrong.error)}`);
      }).then((calls) => calls * MESSAGES_PER_CALL),
    close: () => deleteApp(app),
  });
};
