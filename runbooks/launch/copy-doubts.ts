import type { Campaign, Gate } from '../playbook/schema.ts';
import { codePoint, isVisible } from '../playbook/text-faults.ts';
import { textsOf, writtenText } from './variants.ts';

/**
 * Text that looks unfinished: a placeholder that nobody filled in, a note to oneself, nothing to see. It goes out as it
 * stands, to everybody, and only a person knows whether it is meant. So it makes a gate of its own, whatever gates the
 * runbook has, until somebody ticks it for this very content; another content voids the tick, like every tick.
 */

export interface CopyDoubt {
  /** `de title`, `en body`, `deep link`, `data.theme`. */ where: string;
  found: string;
}

export const COPY_GATE: Gate = {
  id: 'copy-doubts',
  title: 'What looks unfinished in the text is meant so',
  hard: false,
  help: 'Nothing is filled in when the push goes out. Correct the text with /go campaign, or tick if it is to be sent exactly so.',
};

/** {{first_name}}, {{{x}}}, also when it is cut off. */
const TEMPLATE = /\{\{.{0,60}?\}\}+|\{\{\S{0,40}/u;
/** ${name}, #{name}, %{name}, *|FNAME|*, [[name]], __NAME__, $first_name, @@name@@ */
const OTHER_TEMPLATE =
  /[$#%]\{.{0,60}?\}|\*\|.{0,40}?\|\*|\[\[.{0,40}?\]\]|\b__[A-Za-z]\w*__|\$[A-Za-z]+_\w+|\$(?:first|last|user|full)?name\b|@@\w+@@/iu;
/** Notes to oneself. `todo` in small letters is a word of Spanish and Portuguese. */
const NOTE =
  /\b(?:TODO|FIXME|XXX|TBD|TBC|TBA|TKTK|WIP|DRAFT|PLACEHOLDER|DO NOT SEND)\b|\b(?:placeholder text|asdf\w*|qwerty)\b/u;

/** What marks a text as unfinished. Each takes the shortest piece that people recognise. */
const DOUBTS: readonly RegExp[] = [
  TEMPLATE,
  OTHER_TEMPLATE,
  NOTE,
  // {name}, {0}, {}
  /\{\s*(?:[\p{L}_][\p{L}\p{N}_. -]{0,40}|\d{0,2})\s*\}/u,
  // <name>, <first name>, <FIRST>, <%= name %>; <b> and </b>, which a phone shows as they are. Not any word: <now> may be meant
  /<%.{0,60}?%>|<[A-Z][A-Z0-9_ ]{1,40}>|<[^<>]{0,30}(?:name|title|text|user|link|url|date|city|price|team|code|insert|placeholder)[^<>]{0,30}>/u,
  /<\/?(?:b|i|u|p|a|br|em|strong|span|div|font|img|h[1-6]|ul|li)(?:\s[^<>]{0,80})?\/?>/iu,
  // [NAME], [your name], [Link]
  /\[\s*(?:[A-Z][A-Z0-9_ -]{1,40}|[^\]]{0,20}\b(?:name|title|text|copy|link|url|date|price|city|team|insert|your)\b[^\]]{0,20})\s*\]/u,
  /\[(?:your|insert|add|first|last|user)[^\]]{0,40}\]/iu,
  // %@, %s, %d, %1$s, %(name)s, %.2f
  /%(?:\(\w+\)|\d+\$)?(?:\.\d+)?(?:@|(?:l{0,2}[du]|[sdifu])(?![\p{L}\p{N}]))/u,
  /\blorem ipsum\b/iu,
  // What a template made of a missing value
  /\[object \w+\]|^\s*(?:undefined|null|NaN|None|nil)\s*$|\b(?:undefined|NaN)\b/u,
  // Signs of another notation that a phone shows as they are
  /&(?:[a-z]{2,8}|#\d{2,5}|#x[0-9a-f]{2,5});|\\[nrt"']|\\u[0-9a-f]{4}/iu,
  // UTF-8 that was read as Latin-1: é as Ã©, ’ as â€™
  /Ã[\u0080-\u00BF]|â€.?|Â[\u00A0-\u00BF]/u,
];

/** Marks that turn text around, fillers, private characters; tags that are not of a flag. */
const UNSEEN =
  /[\u202A-\u202E\u3164\uFFA0\u2800\uFFFC\p{Co}]|(?<!\u{1F3F4}[\u{E0020}-\u{E007F}]*)[\u{E0000}-\u{E007F}]/u;

/** Where a text stands, and the text. */
type Place = [where: string, text: string];

export function copyDoubts(campaign: Campaign): CopyDoubt[] {
  const written = textsOf(campaign).flatMap((name) => {
    const text = writtenText(campaign, name);
    return text === null ? [] : [{ name, text }];
  });
  const texts = [
    ...written.flatMap(({ name, text: { title, subtitle, body, actions } }): Place[] => [
      [`${name} title`, title],
      ...(subtitle === undefined ? [] : [[`${name} subtitle`, subtitle] satisfies Place]),
      [`${name} body`, body],
      ...buttonsOf(`${name} `, actions),
    ]),
    ...buttonsOf('', campaign.actions),
  ];
  const links = [
    ...addressesOf('', campaign),
    ...written.flatMap(({ name, text }) => addressesOf(`${name} `, text)),
    ...Object.entries(campaign.data).map(([key, value]): Place => [`data.${key}`, value]),
  ];
  return [
    ...texts.flatMap(([where, text]) => doubtsOf(text, DOUBTS).map((found) => ({ where, found }))),
    // An address or a value is for the app, whose own notation may have braces and percent signs.
    ...links.flatMap(([where, text]) =>
      doubtsOf(text, [TEMPLATE, OTHER_TEMPLATE, NOTE]).map((found) => ({ where, found })),
    ),
  ];
}

const buttonsOf = (at: string, actions: Campaign['actions'] = []): Place[] =>
  actions.map(({ id, title }) => [`${at}button ${id}`, title]);

function addressesOf(at: string, said: Pick<Campaign, 'image' | 'deep_link' | 'actions'>): Place[] {
  const { image = '', deep_link: link = '', actions = [] } = said;
  const all: Place[] = [
    [`${at}image`, image],
    [`${at}deep link`, link],
    ...actions.map(({ id, link: leads }): Place => [`${at}link of button ${id}`, leads]),
  ];
  return all.filter(([, text]) => text !== '');
}

/** `en body has {{first_name}}; de title has nothing to see`. */
export function doubtsText(doubts: readonly CopyDoubt[], most = 5): string {
  const said = doubts
    .slice(0, most)
    .map(({ where, found }) => `${where} has ${found}`)
    .join('; ');
  return doubts.length > most ? `${said}; and ${doubts.length - most} more` : said;
}

function doubtsOf(text: string, marks: readonly (RegExp | undefined)[]): string[] {
  if (!isVisible(text)) return ['nothing to see'];
  const found = marks.flatMap((mark) => {
    const match = mark?.exec(text);
    return match == null ? [] : [`“${match[0].trim()}”`];
  });
  const unseen = UNSEEN.exec(text);
  const longest = found.filter((one, at) => !found.slice(0, at).some((other) => other.includes(one.slice(1, -1))));
  return [
    ...new Set([
      ...longest,
      ...(unseen === null ? [] : [`the invisible or private character ${codePoint(unseen[0])}`]),
    ]),
  ];
}
