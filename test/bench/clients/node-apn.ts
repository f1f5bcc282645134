import nodeApn from '@parse/node-apn';
import { BODY, keepGoing, TITLE, TOPIC, Tokens } from './bench-client.ts';
import type { Open } from './bench-client.ts';

/** One connection, whose address may be given. */
export const open: Open = async (target) => {
  const tokens = new Tokens(target);
  const { hostname, port } = new URL(target.apnsUrl);
  const { pem, keyId, teamId } = target.apnsKey;
  const provider = new nodeApn.Provider({
    token: { key: pem, keyId, teamId },
    address: hostname,
    port: Number(port),
    ca: [target.ca],
    production: true,
  });
  const note = new nodeApn.Notification();
  Object.assign(note, {
    topic: TOPIC,
    pushType: 'alert',
    priority: 10,
    expiry: 0,
    collapseId: 'bench',
    alert: { title: TITLE, body: BODY },
    sound: 'default',
  });
  note.payload = { link: 'lingo://lesson/next', gobutton: { launch: 'bench', shot: 'shot-1' } };
  const push = async (devices: number): Promise<void> => {
    const { failed } = await provider.send(
      note,
      Array.from({ length: devices }, () => tokens.apns(tokens.take(1))),
    );
    if (failed[0] !== undefined) throw new Error(`BENCH_WRONG_ANSWER ${JSON.stringify(failed[0])}`);
  };
  // It does not wait for SETTINGS: where one stream is allowed at first, what comes with the first push is lost.
  await push(1);
  return {
    send: (isOver) => keepGoing(5, isOver, () => push(100)).then((calls) => calls * 100),
    close: async () => {
      await provider.shutdown();
    },
  };
};
