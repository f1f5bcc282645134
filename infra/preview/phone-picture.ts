import type { Localized } from '../../runbooks/launch/localized.ts';
import type { Fonts } from './fonts.ts';
import { LINE_HEIGHT, TextSetter } from './text.ts';
import type { Style } from './text.ts';

/**
 * How a text looks on a locked phone: iOS and Android, light and dark, as SVG. Neither draws like the real one to the pixel;
 * what they cut, they cut after as many lines (docs/facts.md#notification-truncation).
 */

export const PICTURE_WIDTH = 840;
const PICTURE_HEIGHT = 600;
const GAP = 20;
const SCREEN = { width: 390, height: 270 };
const CARD = { x: 8, width: 374 };

/** Every character that stands in a picture beside the texts and their name. */
export const OWN_WORDS = '9:41 now iOS Android · light dark…';

export interface PhonePicture {
  svg: string;
  /** `title on iOS`, `text on Android`: what does not fit. */
  cut: string[];
}

interface Look {
  wall: [from: string, to: string];
  clock: string;
  card: string;
  text: string;
  faint: string;
}

const IOS: Record<'light' | 'dark', Look> = {
  light: { wall: ['#b9d4ee', '#e7c9d9'], clock: '#ffffff', card: '#f3f2f7', text: '#111114', faint: '#5d5d66' },
  dark: { wall: ['#141a2c', '#2a1f33'], clock: '#ffffff', card: '#38363d', text: '#ffffff', faint: '#b4b4bd' },
};
const ANDROID: Record<'light' | 'dark', Look> = {
  light: { wall: ['#dfe7d6', '#c7d9dd'], clock: '#2b3a33', card: '#fbfdf7', text: '#191c19', faint: '#5c625c' },
  dark: { wall: ['#10140f', '#1b2423'], clock: '#dfe7d6', card: '#282b28', text: '#e2e3de', faint: '#a9ada8' },
};

/** `name`: of the text, which stands at each phone with its platform. `color`: of the app, for its icon. */
export function phonePicture(
  fonts: Fonts,
  { name: text, locale }: { name: string; locale: string },
  shown: Localized,
  color: string,
): PhonePicture {
  const setter = new TextSetter(fonts, locale);
  const cut = new Set<string>();
  const rows = [
    { name: 'iOS', looks: IOS, draw: iosPhone(new Card(setter, locale, 'iOS', cut), shown, color) },
    { name: 'Android', looks: ANDROID, draw: androidPhone(new Card(setter, locale, 'Android', cut), shown, color) },
  ];
  const screens = rows.flatMap(({ name, looks, draw }, row) =>
    [looks.light, looks.dark].map((look, column) => {
      const x = GAP + column * (SCREEN.width + GAP);
      const y = GAP + row * (SCREEN.height + GAP);
      const wall = `wall${row}${column}`;
      const label = `${text} · ${name} · ${column === 0 ? 'light' : 'dark'}`;
      const caption = setter.set(label, SCREEN.width - 40, 1, { size: 12, weight: 700 }).svg;
      return [
        `<svg x="${x}" y="${y}" width="${SCREEN.width}" height="${SCREEN.height}">`,
        `<defs><linearGradient id="${wall}" x2="0" y2="1"><stop stop-color="${look.wall[0]}"/><stop offset="1" stop-color="${look.wall[1]}"/></linearGradient></defs>`,
        `<rect width="100%" height="100%" rx="26" fill="url(#${wall})"/>`,
        draw(look),
        `<g transform="translate(20 ${SCREEN.height - 12})" color="${look.faint}">${caption}</g></svg>`,
      ].join('');
    }),
  );
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${PICTURE_WIDTH}" height="${PICTURE_HEIGHT}"><rect width="100%" height="100%" fill="#ffffff"/>${screens.join('')}</svg>`;
  return { svg, cut: [...cut] };
}

/** What stands on a phone, set once, for any look. */
type Draw = (look: Look) => string;

/** Icon, title and time, subtitle, four lines of text; a picture small at the end. */
function iosPhone(card: Card, shown: Localized, color: string): Draw {
  const left = 60;
  const width = CARD.width - left - 14 - (shown.image === '' ? 0 : 46);
  let y = 27;
  y = card.text('title', shown.title, left, y, width - 34, 1, { size: 15, weight: 700 });
  y = card.text('subtitle', shown.subtitle, left, y, width, 1, { size: 15, weight: 700 });
  y = card.text('text', shown.body, left, y, width, 4, { size: 15, weight: 400 });
  const height = Math.max(68, y - 8);
  card.now(CARD.width - 14 - 26, 27);
  card.box(12, height / 2 - 18, 36, 36, 9, color);
  if (shown.image !== '') card.image(CARD.width - 14 - 38, height - 50, 38);
  const clock = card.clock(132, 76);
  return (look) => clock(look) + card.draw(104, height, 22, look);
}

/** Icon, title and time, one line of text; a picture small at the end. */
function androidPhone(card: Card, shown: Localized, color: string): Draw {
  const left = 64;
  const thumb = shown.image === '' ? 0 : 56;
  const width = CARD.width - left - 20 - thumb;
  const y = card.text('title', shown.title, left, 33, width - 40, 1, { size: 14, weight: 700 });
  card.text('text', shown.body, left, y, width, 1, { size: 14, weight: 400 }, 'faint');
  card.now(CARD.width - 20 - thumb - 26, 33);
  card.box(18, 20, 36, 36, 18, color);
  if (thumb > 0) card.image(CARD.width - 16 - 44, 16, 44);
  const clock = card.clock(24, 78);
  return (look) => clock(look) + card.draw(108, 76, 26, look);
}

/** The notification. In a locale that reads from right to left all of it is turned around, as the phone is. */
class Card {
  readonly #setter: TextSetter;
  readonly #platform: string;
  readonly #cut: Set<string>;
  readonly #isTurned: boolean;
  readonly #parts: Draw[] = [];

  constructor(setter: TextSetter, locale: string, platform: string, cut: Set<string>) {
    this.#setter = setter;
    this.#platform = platform;
    this.#cut = cut;
    this.#isTurned = readsFromRight(locale);
  }

  /** Returns the next baseline. */
  text(
    what: string,
    text: string,
    x: number,
    y: number,
    width: number,
    most: number,
    style: Style,
    tone: 'text' | 'faint' = 'text',
  ): number {
    if (text === '') return y;
    // Where one line is shown, a line break is a space.
    const set = this.#setter.set(most === 1 ? text.replaceAll(/\s*\n\s*/g, ' ') : text, width, most, style);
    if (set.isCut) this.#cut.add(`${what} on ${this.#platform}`);
    this.#put(x, width, (look, at) => `<g transform="translate(${at} ${y})" color="${look[tone]}">${set.svg}</g>`);
    return y + set.lines * style.size * LINE_HEIGHT;
  }

  now(x: number, y: number): void {
    const { svg } = this.#setter.set('now', 30, 1, { size: 12, weight: 400 });
    this.#put(x, 26, (look, at) => `<g transform="translate(${at} ${y})" color="${look.faint}">${svg}</g>`);
  }

  box(x: number, y: number, width: number, height: number, radius: number, color: string): void {
    this.#put(
      x,
      width,
      (_look, at) => `<rect x="${at}" y="${y}" width="${width}" height="${height}" rx="${radius}" fill="${color}"/>`,
    );
  }

  /** Where an image goes: it lies at an address that nobody fetches for a preview. */
  image(x: number, y: number, size: number): void {
    const hills = [0.2, 0.75, 0.45, 0.4, 0.6, 0.6, 0.7, 0.5, 0.85, 0.75].map((part) => part * size).join(' ');
    this.#put(
      x,
      size,
      ({ faint }, at) =>
        `<g transform="translate(${at} ${y})"><rect width="${size}" height="${size}" rx="8" fill="none" stroke="${faint}" stroke-dasharray="3 3"/><polygon points="${hills}" fill="${faint}"/></g>`,
    );
  }

  clock(x: number, y: number): Draw {
    const { svg } = this.#setter.set('9:41', SCREEN.width, 1, { size: 58, weight: 700 });
    return (look) => `<g transform="translate(${x} ${y})" color="${look.clock}">${svg}</g>`;
  }

  draw(top: number, height: number, radius: number, look: Look): string {
    return `<g transform="translate(${CARD.x} ${top})"><rect width="${CARD.width}" height="${height}" rx="${radius}" fill="${look.card}"/>${this.#parts.map((part) => part(look)).join('')}</g>`;
  }

  #put(x: number, width: number, draw: (look: Look, x: number) => string): void {
    const at = this.#isTurned ? CARD.width - x - width : x;
    this.#parts.push((look) => draw(look, at));
  }
}

/** Newer than the types of the language: `getTextInfo` of Intl.Locale. */
interface WithDirection {
  getTextInfo(): { direction: 'ltr' | 'rtl' };
}
const readsFromRight = (locale: string): boolean =>
  (new Intl.Locale(locale) as unknown as WithDirection).getTextInfo().direction === 'rtl';
