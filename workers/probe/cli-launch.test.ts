import { afterAll, beforeAll, expect, test } from 'vitest';
import { startStage } from '../../test/worker-stage.ts';
import type { Stage } from '../../test/worker-stage.ts';
import { main } from './cli.ts';

/* The command with a launch on a real local cloud. */

let stage: Stage;
beforeAll(async () => {
  stage = await startStage();
});
afterAll(() => stage.stop());

test("a launch gives topic and device, and the push is one of the hour's for that device; after them nobody's is asked for", async () => {
  const launch = await stage.newLaunch({ ios: 10, android: 10 });
  const env = { ...stage.env(launch.id), GOBUTTON_PRIMES_PER_DEVICE_HOUR: '2' };
  const probe = async (...args: string[]) => {
    let [out, err] = ['', ''];
    const code = await main(
      args,
      env,
      {
        write: (text) => {
          out += text;
        },
      },
      {
        write: (text) => {
          err += text;
        },
      },
    );
    return { code, out, err };
  };
  for (let times = 0; times < 2; times += 1) {
    const { code, out, err } = await probe('apns', '--launch', launch.id);
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/answer +200 after .*to a push for the device\n/);
    expect(out).not.toContain(`face0a${'0'.repeat(30)}`);
  }
  expect(await probe('apns', '--launch', launch.id)).toMatchObject({
    code: 0,
    out: expect.stringContaining("a device that doesn't exist, as it should be") as string,
    err: expect.stringContaining('has had its priming pushes of this hour') as string,
  });
  expect(
    stage.providers.phones
      .all()
      .filter(({ platform }) => platform === 'ios')
      .map(({ pushes }) => pushes),
  ).toEqual([2]);
  expect((await probe('fcm', '--launch', launch.id)).out).toMatch(/answer +200 after .*to a push for the device\n/);
  expect(await probe('fcm', '--launch', 'no-such-launch')).toMatchObject({
    code: 1,
    err: 'lane:probe: --launch: there is no launch no-such-launch in this account and table\n',
  });
});
