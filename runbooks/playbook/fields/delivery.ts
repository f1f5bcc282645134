import { z } from 'zod';
import { key } from './key.ts';
import { count, day, duration, id } from './values.ts';

const eventQuota = z.strictObject({
  reference: key(z.string().min(1), { means: 'Where it is written.', example: 'event quota 2027-02' }),
  per_second: key(count(1), { means: 'What was granted.', unit: 'messages a second', example: 600_000 }),
  confirmed_by: key(id.optional(), {
    means: 'Who has read it: a person of this runbook.',
    absent: 'nobody, and what the doctor says of the quota is unknown',
    example: 'ana',
  }),
  confirmed_on: key(day.optional(), {
    means: 'When it was granted.',
    absent: 'as with `confirmed_by`',
    example: '2027-01-20',
  }),
});

export const delivery = z.strictObject({
  ios_not_after: key(duration.prefault('60s'), {
    means: 'So long after GO an iPhone may still be written to. Later it is dropped and counted as late.',
    example: '60s',
  }),
  android_not_after: key(duration.prefault('10m'), { means: 'The same for Android.', example: '10m' }),
  batch_size: key(count(1, 2_000).prefault(1_000), {
    means: 'How many go in one batch; frozen when the audience is compiled.',
    unit: 'devices',
    example: 1_000,
  }),
  send_within: key(duration.prefault('5s'), {
    means: 'How long the lease of a batch lasts before it is renewed.',
    example: '5s',
  }),
  android_per_second: key(count(0).prefault('10k'), {
    means: 'The pace of Android for the whole pool. 0: no limit.',
    unit: 'messages a second',
    example: '10k',
  }),
  android_ramp: key(duration.prefault('60s'), { means: 'How long the way up to that pace takes.', example: '60s' }),
  ios_per_second: key(count(0).prefault(0), {
    means: 'The pace of iOS for the whole pool. 0: no limit.',
    unit: 'pushes a second',
    example: 0,
  }),
  android_event_quota: key(eventQuota.optional(), {
    means: 'A quota that Google granted in writing for the event: its pace is used, without the ramp.',
    absent: 'pace and ramp as above',
    example: { reference: 'event quota 2027-02', per_second: '600k' },
  }),
  uncertain: key(z.enum(['leave', 'resend']).default('leave'), {
    means: 'Whether a further order sends again to devices of which nobody knows whether they got it.',
    example: 'leave',
  }),
  expires_after: key(duration.prefault('4h'), {
    means: 'How long the provider keeps a push for a device that is offline. `0s`: now or never.',
    example: '4h',
  }),
});
