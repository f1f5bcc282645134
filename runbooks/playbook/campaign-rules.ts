import type { Campaign } from './schema.ts';
import { isVisible, textFault } from './text-faults.ts';

/**
 * What a provider would refuse for every device, or a phone would show as nothing: asked of a runbook when it is loaded,
 * of a campaign when it is saved, by the payload gate, and before a test copy or a fire order. One rule for all of them.
 * How many bytes a message makes is in `launch/payload.ts`.
 */

/** `path` leads from the campaign, e.g. `data.from`, `locales.de.body`. */
export interface CampaignFault {
  path: string[];
  found: string;
  expected: string;
}

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
  return [
    ...localeFaults(campaign),
    ...dataFaults(campaign),
    ...topicFaults(campaign.apns.topic),
    ...textFaults([
      [['deep_link'], campaign.deep_link],
      [['sound'], campaign.sound],
      [['fcm', 'channel_id'], campaign.fcm.channel_id],
    ]),
  ];
}

/** `data.from: found "from", which FCM keeps for itself, expected another name`. */
export function faultText({ path, found, expected }: CampaignFault): string {
  return `${path.join('.')}: found ${found}, expected ${expected}`;
}

function localeFaults({ locales }: Campaign): CampaignFault[] {
  return Object.entries(locales).flatMap(([locale, { title, body }]) => {
    const faults = textFaults([
      [['locales', locale, 'title'], title],
      [['locales', locale, 'body'], body],
    ]);
    if (isVisible(title) || isVisible(body)) return faults;
    return [
      ...faults,
      {
        path: ['locales', locale],
        found: 'a title and a text without anything to see',
        expected: 'words: this would be an empty notification',
      },
    ];
  });
}

function dataFaults({ data, deep_link: link }: Campaign): CampaignFault[] {
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
    if (OUR_OWN.test(key) || (key === 'deep_link' && link !== undefined))
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
