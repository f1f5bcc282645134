import { Pool } from 'undici';
import { apnsHeaders, apnsPayload, keepGoing, Tokens } from './bench-client.ts';
import type { Open } from './bench-client.ts';

/** undici over HTTP/2, one connection, as many streams as it opens by itself. */
export const open: Open = (target) => {
  const tokens = new Tokens(target);
  const pool = new Pool(target.apnsUrl, { allowH2: true, connections: 1, connect: { ca: target.ca } });
  const headers = { ...apnsHeaders, authorization: target.apnsAuthorization };
  const body = JSON.stringify(apnsPayload);
  return Promise.resolve({
    send: (isOver) =>
      keepGoing(500, isOver, async () => {
        const answer = await pool.request({
          method: 'POST',
          path: `/3/device/${tokens.apns(tokens.take(1))}`,
          headers,
          body,
        });
        await answer.body.dump();
        if (answer.statusCode !== 200) throw new Error(`BENCH_WRONG_ANSWER ${answer.statusCode}`);
      }),
    close: () => pool.close(),
  });
};
