import { DeleteParameterCommand, PutParameterCommand } from '@aws-sdk/client-ssm';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createClients } from '../../../infra/aws/clients.ts';
import type { Clients } from '../../../infra/aws/clients.ts';
import type { Cloud } from '../../../infra/aws/cloud.ts';
import { startRig, until } from '../../../test/conductor-rig.ts';
import type { Rig } from '../../../test/conductor-rig.ts';
import { CALLS_NOBODY } from '../../outside/create-outside.ts';
import type { Context } from '../context.ts';
import { performCloud } from '../effects/perform.ts';
import { Halting } from '../halt.ts';
import { TIMINGS } from '../timings.ts';
import { writeHalt } from './halt-parameter.ts';
import { ParameterWatch } from './parameter-watch.ts';

let rig: Rig;
let clients: Clients;
beforeEach(async () => {
  rig = await startRig();
  await rig.create();
  clients = createClients({
    endpoint: rig.env['AWS_ENDPOINT_URL'] ?? null,
    region: 'us-east-1',
    tablePrefix: 'gobutton',
    bucket: 'gobutton',
  });
});
afterEach(async () => {
  clients.destroy();
  await rig.stop();
});

const parameter = () => `/gobutton/gobutton/${rig.launchId}/halt`;
const put = (Value: string, Type: 'String' | 'StringList' | 'SecureString' = 'String') =>
  clients.ssm.send(new PutParameterCommand({ Name: parameter(), Value, Type, Overwrite: true }));
const value = async () => (await rig.cloud.parameters.get(parameter()))?.value;
const remove = () => clients.ssm.send(new DeleteParameterCommand({ Name: parameter() }));

function watching(cloud: Cloud = rig.cloud) {
  const context: Context = {
    cloud,
    journal: rig.journal,
    slack: null,
    outside: CALLS_NOBODY,
    log: pino({ level: 'silent' }),
    holder: 'first',
    hasEnded: () => false,
    version: null,
    timings: TIMINGS,
    nowMs: () => Date.now(),
    execute: (launchId, command) => rig.journal.append(launchId, command),
  };
  const halting = new Halting(context);
  const watch = new ParameterWatch(context, halting);
  const look = async (times: number) => {
    for (let at = 0; at < times; at += 1) await watch.look(await rig.launch());
    // A press returns when workers know it; these tests read the record.
    await until(
      'every halt is recorded',
      async () =>
        (await rig.launch()).halt.epoch >=
        ((await rig.cloud.switches.read(rig.launchId, { consistent: true }))?.haltEpoch ?? 0),
    );
  };
  return { context, look };
}

async function lift(context: Context): Promise<void> {
  const { liftId, epoch } = await rig.appendAs('LiftRequested', { kind: 'request-lift', by: 'ana', reason: '' });
  const { seq } = await rig.append({ kind: 'approve-lift', by: 'mia', liftId });
  await performCloud(
    context,
    { kind: 'lift-halt', epoch, id: `${seq}/lift-halt`, launchId: rig.launchId, seq, urgent: true, lane: 'cloud' },
    await rig.launch(),
  );
}

const halts = async () => (await rig.entries('HaltSet')).length;

test('any word but off, false, no and 0 halts, and the record says what was found and by whom', async () => {
  const { look, context } = watching();
  for (const word of ['off', 'FALSE', ' no ', '0', '"off"']) {
    await put(word);
    await look(3);
  }
  expect(await halts()).toBe(0);
  for (const [at, word] of [
    'yes',
    'halted',
    '{"halt":true}',
    '{"halt":false}',
    'On.',
    'a\u001b[31m\n<b>\u202e',
  ].entries()) {
    await put(word);
    await look(1);
    // One look may be an old read.
    expect(await halts()).toBe(at);
    await look(1);
    expect(await halts()).toBe(at + 1);
    await lift(context);
    expect(await writeHalt(context, rig.launchId, 'off')).toBe(true);
    await look(3);
    expect(await halts()).toBe(at + 1);
  }
  const found = await rig.entries('HaltSet');
  expect(found[0]).toMatchObject({
    by: { system: 'ssm' },
    reason: 'set to “yes” in Parameter Store by arn:aws:iam::000000000000:user/local',
  });
  expect(found.at(-1)?.reason).toBe('set to “a [31m <b>” in Parameter Store by arn:aws:iam::000000000000:user/local');
});

test('lists and secrets count by what they hold; a secret is not shown, and the mirror writes it as it is', async () => {
  const { look, context } = watching();
  await put('off', 'SecureString');
  await look(3);
  expect(await halts()).toBe(0);
  await put('on', 'SecureString');
  await look(2);
  expect((await rig.entries('HaltSet'))[0]?.reason).toMatch(/^set to a secret value in/);
  await lift(context);
  expect(await writeHalt(context, rig.launchId, 'off')).toBe(true);
  expect(await value()).toBe('off');
  await remove();
  await put('stop,now', 'StringList');
  await look(2);
  expect(await halts()).toBe(2);
});

test('what our own mirror wrote is never a halt by hand, after a restart either', async () => {
  const { context } = watching();
  await rig.append({ kind: 'set-halt', by: 'mia', source: 'slack', epoch: 1, reason: '', pressedAtMs: Date.now() });
  await writeHalt(context, rig.launchId, 'on');
  await lift(context);
  // Its `off` has not been written yet, and another instance looks.
  await watching().look(4);
  expect(await halts()).toBe(1);
  expect(await value()).toBe('on');
});

describe('a bot that dies between its write and the note of its version', () => {
  /** Writes, and dies before it can note anything. */
  async function dies(value: string, meanwhile: () => Promise<unknown> = () => Promise.resolve()) {
    const facts = { ...rig.cloud.facts, put: () => Promise.reject(new Error('the process has ended')) };
    const parameters = {
      ...rig.cloud.parameters,
      put: async (...call: Parameters<typeof rig.cloud.parameters.put>) => {
        await meanwhile();
        return rig.cloud.parameters.put(...call);
      },
    };
    await expect(writeHalt(watching({ ...rig.cloud, facts, parameters }).context, rig.launchId, value)).rejects.toThrow(
      'has ended',
    );
  }

  test('leaves no halt that somebody pressed: whoever comes next knows the write for ours, also when it was due to say off', async () => {
    await dies('on');
    const { look, context } = watching();
    await look(4);
    expect(await halts()).toBe(0);
    expect(await writeHalt(context, rig.launchId, 'off')).toBe(true);
    expect(await value()).toBe('off');
  });

  test.each([
    ['before its write', 0],
    ['after it', 1],
  ])('hides no halt that somebody sets %s, though it has our word and our description', async (_, after) => {
    await writeHalt(watching().context, rig.launchId, 'off');
    if (after === 0) await dies('on', () => put('on'));
    else {
      await dies('on');
      await put('on');
    }
    await watching().look(3);
    expect(await halts()).toBe(1);
  });

  test('what can not be asked about is in doubt, and halts', async () => {
    await dies('on');
    await watching({
      ...rig.cloud,
      parameters: { ...rig.cloud.parameters, isOurs: () => Promise.resolve(false) },
    }).look(3);
    expect(await halts()).toBe(1);
  });
});

test('a parameter that was deleted and made anew counts its versions from 1 again: a halt there is seen all the same', async () => {
  const { context } = watching();
  await writeHalt(context, rig.launchId, 'on');
  await writeHalt(context, rig.launchId, 'off');
  await remove();
  // Both versions are known; these two are others of the same number, some minutes later.
  const later = {
    ...rig.cloud.parameters,
    get: async (name: string, version?: number | null) => {
      const found = await rig.cloud.parameters.get(name, version);
      return found === null ? null : { ...found, modifiedAtMs: found.modifiedAtMs + 600_000 };
    },
  };
  await put('on');
  await watching({ ...rig.cloud, parameters: later }).look(2);
  expect(await halts()).toBe(1);
});

test('a halt by hand that stands when our own off is due is left there and obeyed', async () => {
  const { context, look } = watching();
  await writeHalt(context, rig.launchId, 'on');
  await put('now!');
  expect(await writeHalt(context, rig.launchId, 'off')).toBe(false);
  expect(await value()).toBe('now!');
  await look(2);
  expect(await halts()).toBe(1);
});

test('a halt that comes between our look and our own off is put back and obeyed', async () => {
  const { look } = watching();
  let puts = 0;
  const parameters = {
    ...rig.cloud.parameters,
    put: async (name: string, text: string) => {
      puts += 1;
      if (puts === 1) await put('stop!');
      return rig.cloud.parameters.put(name, text);
    },
  };
  expect(await writeHalt(watching({ ...rig.cloud, parameters }).context, rig.launchId, 'off')).toBe(false);
  expect(await value()).toBe('stop!');
  await look(2);
  expect(await halts()).toBe(1);
});

test('off by hand lifts nothing: the room is told, and the parameter says on again, as it does when it was deleted', async () => {
  const { context, look } = watching();
  await rig.append({ kind: 'set-halt', by: 'mia', source: 'slack', epoch: 1, reason: '', pressedAtMs: Date.now() });
  await writeHalt(context, rig.launchId, 'on');
  await put('off');
  await look(3);
  expect(await value()).toBe('on');
  expect((await rig.launch()).halt.active).toBe(true);
  expect(await rig.entries('Noted')).toMatchObject([
    {
      text: expect.stringContaining(
        'halt was set to “off” in Parameter Store by arn:aws:iam::000000000000:user/local. That lifts nothing',
      ) as string,
    },
  ]);
  await remove();
  await look(2);
  expect(await value()).toBe('on');
  expect(await rig.entries('Noted')).toHaveLength(1);
});

test('a halt parameter that can not be read is told after a while, once, and so is its return', async () => {
  let readable = false;
  const parameters = {
    ...rig.cloud.parameters,
    get: async (name: string) => {
      if (!readable) throw Object.assign(new Error('not allowed'), { name: 'AccessDeniedException' });
      return rig.cloud.parameters.get(name);
    },
  };
  const { look } = watching({ ...rig.cloud, parameters });
  const blind = async (times: number) => {
    for (let at = 0; at < times; at += 1) await expect(look(1)).rejects.toThrow('not allowed');
  };
  await blind(14);
  expect(await rig.entries('Noted')).toEqual([]);
  await blind(20);
  expect(await rig.entries('Noted')).toMatchObject([
    { text: expect.stringContaining("can't be read (AccessDeniedException)") as string },
  ]);
  readable = true;
  await look(2);
  expect((await rig.entries('Noted')).map(({ text }) => text).at(-1)).toContain('can be read again');
  expect(await rig.entries('Noted')).toHaveLength(2);
});

test('who may not ask who wrote the parameter obeys it all the same', async () => {
  const { ssm } = clients;
  const send = ssm.send.bind(ssm);
  // The author is another permission than the value.
  ssm.send = ((command: object) =>
    command.constructor.name === 'DescribeParametersCommand'
      ? Promise.reject(new Error('not authorized'))
      : send(command as never)) as typeof ssm.send;
  const { createParameters } = await import('../../../infra/aws/parameters.ts');
  await put('yes');
  await watching({ ...rig.cloud, parameters: createParameters({ ssm, deployment: 'gobutton' }) }).look(2);
  expect(await rig.entries('HaltSet')).toMatchObject([{ reason: 'set to “yes” in Parameter Store' }]);
});
