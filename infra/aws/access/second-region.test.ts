import { expect, test } from 'vitest';
import { REGIONS } from '../../../test/two-regions.ts';
import { doctorClients } from '../../doctor/measure/aws-clients.ts';
import { findCopies, findHomes } from '../../doctor/measure/second-region.ts';
import { localCloudForTests } from '../../local/cloud/for-tests.ts';
import { LOCAL_ACCOUNT } from '../../local/principals.ts';
import { createCloud, ensureHomes } from '../create-cloud.ts';
import { PROCESSES, SECOND_REGION } from './permissions.ts';
import type { ProcessName } from './permissions.ts';
import { policyOf, sidOf } from './policy.ts';

const [EAST, WEST] = [REGIONS.home, REGIONS.standby];
const message = { ts: '1', user: 'U', text: '', atMs: 1, edits: null, deleted: false, permalink: null, files: [] };
const via = { publicKey: 'k', signature: 's', nonce: 'n', signedAtMs: 1, expiresAtMs: 2 };

/** All local clouds name one region in their ARNs, so here the other one is called the same. */
const names = { ...LOCAL_ACCOUNT, otherRegion: LOCAL_ACCOUNT.region };
const principals = PROCESSES.map((name) => ({ name, accessKeyId: `KEY${name}`, statements: policyOf(name, names) }));

test('with a second region each process may do what that takes, and without one nothing of it', async () => {
  const [here, there] = await Promise.all([localCloudForTests({ principals }), localCloudForTests({ principals })]);
  await ensureHomes(here.config);
  const as = (process: ProcessName) =>
    createCloud({
      ...here.config,
      endpoint: here.localCloud.urlFor(process),
      otherRegion: there.localCloud.urlFor(process),
    });
  const [bot, worker, operator] = [as('bot'), as('worker'), as('command-line')];
  await here.cloud.record.appendMessage('one', { seq: 0, hash: '' }, message);
  // Two bots at once: the second finds the place taken, and looks what stands there.
  await Promise.all([1, 2, 3].map(() => bot.recordCopy(EAST, WEST).follow('one')));
  await bot.homes.read('one', REGIONS);
  const doctor = doctorClients({ ...here.config, endpoint: here.localCloud.urlFor('bot') }, 10_000);
  for (const asked of await Promise.all([findHomes(doctor, 'gobutton-homes'), findCopies(doctor, 'gobutton', true)]))
    expect(asked.ok).toBe(true);
  doctor.destroy();
  await worker.homes.send('one', REGIONS, EAST, 'S1');
  // Of the other region's record the command line only reads.
  const later = createCloud({
    ...there.config,
    endpoint: there.localCloud.urlFor('command-line'),
    region: WEST,
    otherRegion: here.localCloud.urlFor('command-line'),
  });
  await later.recordCopy(EAST, WEST).follow('one');
  await operator.homes.ask('two', { by: 'ana', to: WEST, reason: 'r', via });
  await operator.homes.takeOver('two', REGIONS, EAST, WEST);

  const seen = [here.localCloud.access(), there.localCloud.access()];
  expect(seen.flatMap(({ denied }) => denied)).toEqual([]);
  for (const process of PROCESSES) {
    const used = seen.flatMap(({ used: of }) => of[process] ?? []);
    const rights = SECOND_REGION[process].flatMap(({ action, on }) => on.map((kind) => `${sidOf(kind)} ${action}`));
    // What the record's own table allows comes first where both tables have one name.
    const unused = rights.filter((right) => !used.some((one) => one.split(' ')[1] === right.split(' ')[1]));
    expect({ process, unused }).toEqual({ process, unused: [] });
    const plain = policyOf(process, LOCAL_ACCOUNT).map(({ Sid }) => Sid);
    expect(plain.filter((sid) => ['HomesTable', 'OtherRecordTable'].includes(sid))).toEqual([]);
  }
  for (const cloud of [bot, worker, operator, later]) cloud.close();
  await Promise.all([here.stop(), there.stop()]);
});
