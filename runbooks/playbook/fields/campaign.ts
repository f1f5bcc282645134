import { z } from 'zod';
import { key } from './key.ts';
import { count, id, share } from './values.ts';

/**
 * What goes out. Providers' names, limits and who shows what: docs/facts.md#apns-payload-keys and
 * docs/facts.md#fcm-android-notification. What a provider would refuse is `campaignFaults` in campaign-rules.ts; how a
 * locale's own and the campaign's come together is `localized` in launch/localized.ts.
 */

/** Android shows no more (docs/facts.md#notification-actions). */
const BUTTONS_MOST = 3;
const COLOR = 'expected a color like "#58cc02", in quotes';
const DRAWABLE =
  "expected the name of a drawable of the app, like ic_push: small letters, digits and underscores, or ''";

const action = z.strictObject({
  id: key(z.string().regex(/^[A-Za-z0-9._-]{1,60}$/, 'expected letters, digits, points, dashes or underscores'), {
    means: 'What the app knows the button by: on iOS the identifier of the action in its category.',
    example: 'play',
  }),
  title: key(z.string().min(1).max(60), { means: 'What stands on the button.', example: 'Play now' }),
  link: key(z.string().min(1).max(500), {
    means: 'Where it leads, for the app to read.',
    example: 'lingo://lesson/next',
  }),
});

const link = z.string().max(500);
const sound = z.string().max(60);
const actions = z.array(action).max(BUTTONS_MOST, `expected at most ${BUTTONS_MOST} buttons: Android shows no more`);
const icon = z.string().regex(/^(?:[a-z][a-z0-9_]{0,59})?$/, DRAWABLE);
const badge = count(0, 99_999);

const IMAGE = {
  means:
    'The https address of a picture. On iOS the service extension of the app fetches it, so it is sent with `mutable-content`; Android takes 1 MB at most.',
  example: 'https://cdn.example.com/game.jpg',
};
const ICON = {
  means: 'The small icon on Android, a drawable of the app. iOS shows the icon of the app.',
  example: 'ic_push',
};
const LINK = { means: 'Where a tap leads, for the app to read.', example: 'lingo://lesson/next' };
const ACTIONS = {
  means:
    'Buttons. iOS shows those of the category that the app has registered (`apns.category`); Android shows them only if the app draws the notification itself, from `data.actions`.',
  example: [{ id: 'play', title: 'Play now', link: 'lingo://lesson/next' }],
};
const SOUND = {
  means: "The sound, by its name in the app; `''` is silent. On Android 8 and newer the channel has the sound.",
  example: 'gong',
};
const BADGE = {
  means: 'The number on the icon of the app. 0 takes it away on iOS, and on Android leaves it to the phone.',
  example: 1,
  unit: 'messages',
};
const OF_CAMPAIGN = "the campaign's; an empty one is none";

const words = z.string().min(1);
const TITLE = { means: 'The first line of the push.', example: 'Did you see that? 👀' };
const SUBTITLE = {
  means: 'The line between title and text, on iOS. Android has none.',
  example: 'Lingo at the game',
};
const BODY = { means: 'The text under it.', example: 'Do your lesson.' };

const OF_LOCALE = "the locale's";
const ofVariant = z.strictObject({
  title: key(words.max(200).optional(), { ...TITLE, absent: OF_LOCALE }),
  subtitle: key(z.string().max(200).optional(), { ...SUBTITLE, absent: `${OF_LOCALE}; an empty one is none` }),
  body: key(words.max(3000).optional(), { ...BODY, absent: OF_LOCALE }),
  image: key(link.optional(), { ...IMAGE, absent: OF_LOCALE }),
  icon: key(icon.optional(), { ...ICON, absent: OF_LOCALE }),
  deep_link: key(link.optional(), { ...LINK, absent: OF_LOCALE }),
  actions: key(actions.optional(), { ...ACTIONS, absent: OF_LOCALE }),
  sound: key(sound.optional(), { ...SOUND, absent: OF_LOCALE }),
  badge: key(badge.optional(), { ...BADGE, absent: OF_LOCALE }),
});

const text = z.strictObject({
  title: key(words.max(200), TITLE),
  subtitle: key(words.max(200).optional(), { ...SUBTITLE, absent: 'no such line' }),
  body: key(words.max(3000), BODY),
  image: key(link.optional(), { ...IMAGE, absent: OF_CAMPAIGN }),
  icon: key(icon.optional(), { ...ICON, absent: OF_CAMPAIGN }),
  deep_link: key(link.optional(), { ...LINK, absent: OF_CAMPAIGN }),
  actions: key(actions.optional(), { ...ACTIONS, absent: OF_CAMPAIGN }),
  sound: key(sound.optional(), { ...SOUND, absent: OF_CAMPAIGN }),
  badge: key(badge.optional(), { ...BADGE, absent: "the campaign's" }),
  variants: key(z.record(z.string(), ofVariant).optional(), {
    means:
      'What each variant but the first changes in this text, by its id. The first is the text as it stands here; what a variant does not say is that, too.',
    absent: 'the campaign has no variants',
    example: { b: { title: 'You missed it? 👀' } },
  }),
});

/** More than that nobody compares, and each is a text of its own in every locale. */
const VARIANTS_MOST = 8;
const variant = z.strictObject({
  id: key(z.string().regex(/^[a-z0-9][a-z0-9-]{0,19}$/, 'expected lower-case letters, digits and dashes, at most 20'), {
    means: 'What the texts, counts and messages call it.',
    example: 'b',
  }),
  share: key(share(), { means: 'How much of the users gets it.', example: 0.45 }),
});

const apns = z.strictObject({
  topic: key(z.string().min(1), { means: "The app's bundle id.", example: 'com.example.lingo' }),
  priority: key(z.union([z.literal(10), z.literal(5)]).default(10), {
    means: '10: at once; 5: when it suits the battery.',
    example: 10,
  }),
  interruption_level: key(z.enum(['passive', 'active', 'time-sensitive', 'critical']).optional(), {
    means:
      '`passive` lights no screen; `time-sensitive` comes through a Focus, `critical` through the mute switch too. Those two need an entitlement of the app.',
    absent: '`active`',
    example: 'time-sensitive',
  }),
  relevance_score: key(share().optional(), {
    means: 'How high it stands among those of the app in the summary.',
    absent: 'iOS decides',
    example: 1,
  }),
  thread_id: key(z.string().min(1).max(64).optional(), {
    means: 'Notifications with the same one are grouped on the phone.',
    absent: 'they are grouped by app',
    example: 'big-game',
  }),
  category: key(z.string().min(1).max(64).optional(), {
    means: 'The category that the app has registered: it holds the buttons.',
    absent: 'no buttons',
    example: 'GAME',
  }),
  mutable_content: key(z.boolean().optional(), {
    means: 'Whether the service extension of the app may change the push before it is shown. An image needs it.',
    absent: 'only with an image',
    example: true,
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
  apple: key(z.boolean().optional(), {
    means:
      'Whether iPhones are among its devices: each message then has a part for Apple, too. They are in the list as `fcm`, go out at the pace of Android, and are counted with it.',
    absent: 'no',
    example: true,
  }),
  color: key(
    z
      .string(COLOR)
      .regex(/^#[0-9a-fA-F]{6}$/, COLOR)
      .optional(),
    {
      means: 'The color of the icon.',
      absent: "the app's",
      example: '#58cc02',
    },
  ),
  click_action: key(z.string().min(1).max(150).optional(), {
    means: 'The intent filter of the activity that a tap opens.',
    absent: 'the app opens',
    example: 'com.example.lingo.LESSON',
  }),
  tag: key(z.string().min(1).max(64).optional(), {
    means:
      'A later notification with the same tag takes the place of this one on the screen, also one of another launch.',
    absent: 'one for the launch and its campaign',
    example: 'big-game',
  }),
  notification_priority: key(z.enum(['min', 'low', 'default', 'high', 'max']).optional(), {
    means: 'How much it may disturb on Android 7 and older; later ones go by the channel.',
    absent: '`default`',
    example: 'high',
  }),
  visibility: key(z.enum(['private', 'public', 'secret']).optional(), {
    means: 'What a locked screen shows: all (`public`), that there is something (`private`), nothing (`secret`).',
    absent: '`private`',
    example: 'public',
  }),
});

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
  variants: key(z.array(variant).max(VARIANTS_MOST, `expected at most ${VARIANTS_MOST} variants`).optional(), {
    means:
      'Texts that are tried against each other, with their shares. Who gets which follows from the id of the user alone, so it is the same on all devices of one, and is fixed when the audience is compiled. With `hold_out` the shares sum to 1.',
    absent: 'everybody gets the same text',
    example: [
      { id: 'a', share: 0.45 },
      { id: 'b', share: 0.45 },
    ],
  }),
  hold_out: key(share().optional(), {
    means:
      'How much of the users gets nothing, on purpose, so that what the push did can be measured against them. Chosen like the variants.',
    absent: 'nobody is held out',
    example: 0.1,
  }),
  image: key(link.optional(), { ...IMAGE, absent: 'no image' }),
  icon: key(icon.optional(), { ...ICON, absent: "the app's" }),
  deep_link: key(link.optional(), { ...LINK, absent: 'the app opens' }),
  actions: key(actions.optional(), { ...ACTIONS, absent: 'no buttons' }),
  sound: key(sound.default('default'), SOUND),
  badge: key(badge.optional(), { ...BADGE, absent: 'it stays as it is' }),
  data: key(z.record(z.string(), z.string()).default({}), {
    means: 'More for the app to read, the same for every device.',
    example: { theme: 'gold' },
  }),
  apns: key(apns, { means: 'For iOS.', example: { topic: 'com.example.lingo' } }),
  fcm: key(fcm.prefault({}), {
    means: 'For Android, and for iPhones that are registered with FCM.',
    example: { channel_id: 'reminders' },
  }),
});
