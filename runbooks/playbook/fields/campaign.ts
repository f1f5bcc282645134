import { z } from 'zod';
import { key } from './key.ts';
import { id } from './values.ts';

const text = z.strictObject({
  title: key(z.string().min(1).max(200), { means: 'The first line of the push.', example: 'Did you see that? 👀' }),
  body: key(z.string().min(1).max(3000), { means: 'The text under it.', example: 'Do your lesson.' }),
});

const apns = z.strictObject({
  topic: key(z.string().min(1), { means: "The app's bundle id.", example: 'com.example.lingo' }),
  priority: key(z.union([z.literal(10), z.literal(5)]).default(10), {
    means: '10: at once; 5: when it suits the battery.',
    example: 10,
  }),
});

const fcm = z.strictObject({
  channel_id: key(z.string().max(60).optional(), {
    means: "The app's notification channel on Android.",
    absent: "the app's default channel",
    example: 'reminders',
  }),
  priority: key(z.enum(['high', 'normal']).default('high'), {
    means: '`high` wakes a sleeping phone.',
    example: 'high',
  }),
});

/** What goes out. What a provider would refuse is `campaignFaults` in campaign-rules.ts. */
export const campaign = z.strictObject({
  id: key(id, { means: 'The name of the campaign.', example: 'big-game' }),
  locales: key(
    z.record(z.string().regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, 'expected a locale like en or pt-BR'), text),
    {
      means:
        'The texts, by locale. Nothing is filled in at fire time: what stands here is what every device of that locale gets.',
      example: { en: { title: 'Did you see that? 👀', body: 'Do your lesson.' } },
    },
  ),
  default_locale: key(z.string(), {
    means: 'One of them: what a device of another locale gets, if the audience was compiled so.',
    example: 'en',
  }),
  deep_link: key(z.string().max(500).optional(), {
    means: 'Where a tap leads, for the app to read.',
    absent: 'the app opens',
    example: 'lingo://lesson/next',
  }),
  sound: key(z.string().max(60).default('default'), { means: 'The sound, by its name in the app.', example: 'gong' }),
  data: key(z.record(z.string(), z.string()).default({}), {
    means: 'More for the app to read, the same for every device.',
    example: { theme: 'gold' },
  }),
  apns: key(apns, { means: 'For iOS.', example: { topic: 'com.example.lingo' } }),
  fcm: key(fcm.prefault({}), { means: 'For Android.', example: { channel_id: 'reminders' } }),
});
