import type { CampaignFault } from './campaign-fault.ts';
import type { Campaign } from './schema.ts';
import { splitFaults } from './split-rules.ts';
import { isVisible, textFault } from './text-faults.ts';

/**
 * What a provider would refuse for every device, or a phone would show as nothing: asked of a runbook when it is loaded,
 * of a campaign when it is saved, by the payload gate, and before a test copy or a fire order. One rule for all of them.
 * How many bytes a message makes is in `launch/payload.ts`.
 */

/**
 * FCM's own words in `data` (docs/facts.md#fcm-data-keys): `from`, `message_type`, and what begins with google or gcm;
 * a message with one is INVALID_ARGUMENT. `collapse_key` is taken, and never reaches the app: Android's library keeps
 * it for itself. `aps` is Apple's.
 */
const PROVIDERS_OWN = /^(?:from|message_type|collapse_key|aps|(?:google|gcm).*)$/i;
/** What gobutton itself puts there, see `fcmMessage`. */
const OUR_OWN = /^gobutton_/;

/** A bundle id: letters, digits and dashes in two or more parts (Apple: CFBundleIdentifier), at most 155 characters. */
const BUNDLE_ID = /^(?=.{3,155}$)[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+$/;
/** Topics of other push types (docs/facts.md#apns-topics): an alert to one of these is refused. */
const OTHER_TOPIC = /\.(?:voip|voip-ptt|complication|pushkit\.fileprovider|location-query|push-type\.[a-z]+)$/;

export function campaignFaults(campaign: Campaign): CampaignFault[] {
  const { apns, fcm } = campaign;
  return [
    ...splitFaults(campaign),
    ...localeFaults(campaign),
    ...sharedFaults(campaign, []),
    ...dataFaults(campaign),
    ...topicFaults(apns.topic),
    ...appleFaults(campaign),
    ...textFaults([
      [['apns', 'thread_id'], apns.thread_id],
      [['apns', 'category'], apns.category],
      [['fcm', 'channel_id'], fcm.channel_id],
      [['fcm', 'click_action'], fcm.click_action],
      [['fcm', 'tag'], fcm.tag],
    ]),
  ];
}

/** `data.from: found "from", which FCM keeps for itself, expected another name`. */
export function faultText({ path, found, expected }: CampaignFault): string {
  return `${path.join('.')}: found ${found}, expected ${expected}`;
}

/** The locale's texts and what variants change in them, each as it is written and as a phone gets it. */
function writtenTexts({ locales }: Campaign): { at: string[]; own: Own; whole: Text }[] {
  return Object.entries(locales).flatMap(([locale, text]) => {
    const at = ['locales', locale];
    return [
      { at, own: text, whole: text },
      ...Object.entries(text.variants ?? {}).map(([variant, own]) => ({
        at: [...at, 'variants', variant],
        own,
        whole: Object.assign({}, text, own),
      })),
    ];
  });
}

type Text = Campaign['locales'][string];
type Own = NonNullable<Text['variants']>[string];

function localeFaults(campaign: Campaign): CampaignFault[] {
  return writtenTexts(campaign).flatMap(({ at, own, whole }) => {
    const { title, subtitle, body } = own;
    const faults = [
      ...textFaults([
        [[...at, 'title'], title],
        [[...at, 'subtitle'], subtitle],
        [[...at, 'body'], body],
      ]),
      ...sharedFaults(own, at),
    ];
    if (isVisible(whole.title) || isVisible(whole.body)) return faults;
    return [
      ...faults,
      {
        path: at,
        found: 'a title and a text without anything to see',
        expected: 'words: this would be an empty notification',
      },
    ];
  });
}

/** What the campaign may say for all locales, and each locale for itself. */
type Shared = Pick<Campaign['locales'][string], 'image' | 'deep_link' | 'sound' | 'actions'>;

function sharedFaults({ image, deep_link: link, sound, actions = [] }: Shared, at: string[]): CampaignFault[] {
  const ids = actions.map(({ id }) => id);
  return [
    ...(image === undefined || image === '' ? [] : imageFaults(image, [...at, 'image'])),
    ...actions.flatMap(({ id, title }, index): CampaignFault[] => {
      const path = [...at, 'actions', String(index)];
      if (ids.indexOf(id) < index)
        return [
          { path: [...path, 'id'], found: `${JSON.stringify(id)} twice`, expected: 'another id for each button' },
        ];
      return isVisible(title)
        ? []
        : [{ path: [...path, 'title'], found: 'a button without anything to see', expected: 'a word or two' }];
    }),
    ...textFaults([
      [[...at, 'image'], image],
      [[...at, 'deep_link'], link],
      [[...at, 'sound'], sound],
      ...actions.flatMap(({ title, link: leads }, index): [string[], string][] => [
        [[...at, 'actions', String(index), 'title'], title],
        [[...at, 'actions', String(index), 'link'], leads],
      ]),
    ]),
  ];
}

/** Phones fetch it themselves: iOS takes nothing but https (App Transport Security), and firebase-admin no other text. */
function imageFaults(image: string, path: string[]): CampaignFault[] {
  const url = URL.canParse(image) ? new URL(image) : null;
  if (url?.protocol === 'https:' && url.hostname.includes('.') && url.username === '' && !/\s/.test(image)) return [];
  return [
    {
      path,
      found: clip(JSON.stringify(image)),
      expected: 'an https address that every phone can open, like https://cdn.example.com/game.jpg',
    },
  ];
}

/** What iOS does only together with another key (docs/facts.md#notification-images, docs/facts.md#notification-actions). */
function appleFaults(campaign: Campaign): CampaignFault[] {
  const { apns } = campaign;
  const everywhere: [string[], Shared][] = [
    [[], campaign],
    ...writtenTexts(campaign).map(({ at, own }): [string[], Shared] => [at, own]),
  ];
  return everywhere.flatMap(([at, { image = '', actions = [] }]) => [
    ...(actions.length > 0 && apns.category === undefined
      ? [
          {
            path: [...at, 'actions'],
            found: 'buttons without apns.category',
            expected: 'the name of the category that the app has registered: iOS takes the buttons from there',
          },
        ]
      : []),
    ...(image !== '' && apns.mutable_content === false
      ? [
          {
            path: [...at, 'image'],
            found: 'an image with apns.mutable_content: false',
            expected: 'no such key, or true: on iOS only the service extension of the app can show an image',
          },
        ]
      : []),
  ]);
}

function dataFaults(campaign: Campaign): CampaignFault[] {
  const { data } = campaign;
  const texts = [campaign, ...writtenTexts(campaign).map(({ own }) => own)];
  const ours = new Set([
    ...(texts.some(({ deep_link: link }) => link !== undefined) ? ['deep_link'] : []),
    ...(texts.some(({ actions }) => actions !== undefined) ? ['actions'] : []),
  ]);
  return Object.entries(data).flatMap(([key, value]): CampaignFault[] => {
    const path = ['data', key];
    const name = JSON.stringify(key);
    if (!isVisible(key))
      return [{ path, found: 'a name without anything to see', expected: 'a name that the app reads' }];
    if (PROVIDERS_OWN.test(key))
      return [
        {
          path,
          found: `${name}, which ${key.toLowerCase() === 'aps' ? 'Apple' : 'FCM'} keeps for itself, so that every push would be refused or arrive without it`,
          expected: 'another name',
        },
      ];
    if (OUR_OWN.test(key) || ours.has(key))
      return [{ path, found: `${name}, which gobutton writes itself`, expected: 'another name' }];
    return textFaults([
      [path, key],
      [path, value],
    ]);
  });
}

function topicFaults(topic: string): CampaignFault[] {
  const path = ['apns', 'topic'];
  if (!BUNDLE_ID.test(topic))
    return [{ path, found: clip(JSON.stringify(topic)), expected: "the app's bundle id, like com.example.app" }];
  const other = OTHER_TOPIC.exec(topic);
  if (other !== null)
    return [
      {
        path,
        found: clip(JSON.stringify(topic)),
        expected: `the bundle id without ${other[0]}: this push is an alert`,
      },
    ];
  return [];
}

function textFaults(texts: readonly (readonly [path: string[], text: string | undefined])[]): CampaignFault[] {
  return texts.flatMap(([path, text]) => {
    const fault = text === undefined ? null : textFault(text);
    return fault === null ? [] : [{ path, found: fault.found, expected: fault.expected }];
  });
}

const clip = (text: string): string => (text.length > 80 ? `${text.slice(0, 79)}…` : text);
