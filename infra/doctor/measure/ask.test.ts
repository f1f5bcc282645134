import { expect, test } from 'vitest';
import { asking } from './ask.ts';

const ask = asking(5_000);
const refused = (name: string, message = '') => Object.assign(new Error(message), { name });

test.each([
  refused('SignatureDoesNotMatch', 'Signature expired: 20270214T223000Z is now earlier than 20270214T223500Z'),
  refused(
    'InvalidSignatureException',
    'Signature not yet current: 20270214T223000Z is still later than 20270214T222500Z',
  ),
  refused('RequestTimeTooSkewed'),
])('$name for a clock that is wrong is asked again once, as the client knows the time by then', async (error) => {
  let asked = 0;
  const once = await ask(
    'iam:SimulatePrincipalPolicy',
    () => ((asked += 1), asked === 1 ? Promise.reject(error) : Promise.resolve('yes')),
  );
  expect([once, asked]).toEqual([{ ok: true, value: 'yes' }, 2]);
  const always = await ask('iam:SimulatePrincipalPolicy', () => ((asked += 1), Promise.reject(error)));
  expect([always, asked]).toMatchObject([{ ok: false, failure: { code: error.name } }, 4]);
});

test('a signature that does not fit for another reason is not asked again', async () => {
  let asked = 0;
  const error = refused('SignatureDoesNotMatch', 'The request signature we calculated does not match');
  const answer = await ask('iam:SimulatePrincipalPolicy', () => ((asked += 1), Promise.reject(error)));
  expect([answer, asked]).toMatchObject([{ ok: false, failure: { kind: 'credentials' } }, 1]);
});
