import { once } from 'node:events';
import { connect } from 'node:http2';
import { apnsHeaders, apnsPayload, keepGoing, Tokens } from './bench-client.ts';
import type { Open } from './bench-client.ts';

/** node:http2 with nothing on top: one session, a stream per notification. */
export const open: Open = async (target) => {
  const tokens = new Tokens(target);
  const session = connect(target.apnsUrl, { ca: target.ca });
  await once(session, 'remoteSettings');
  const body = Buffer.from(JSON.stringify(apnsPayload));
  const headers = { ':method': 'POST', authorization: target.apnsAuthorization, ...apnsHeaders };
  const one = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const stream = session.request({ ...headers, ':path': `/3/device/${tokens.apns(tokens.take(1))}` });
      let status = 0;
      stream.on('response', (answer) => {
        status = answer[':status'] ?? 0;
      });
      stream.on('error', reject);
      stream.on('close', () => (status === 200 ? resolve() : reject(new Error(`BENCH_WRONG_ANSWER ${status}`))));
      stream.resume();
      stream.end(body);
    });
  // A local provider opens up only after one authenticated answer.
  await one();
  return {
    send: (isOver) => keepGoing(500, isOver, one),
    close: async () => {
      session.close();
      await once(session, 'close');
    },
  };
};
